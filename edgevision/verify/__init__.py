"""Proof: what a written file is, and how far its answers are from the float model's."""
