"""The machine a figure comes from, and what a model takes of it."""
