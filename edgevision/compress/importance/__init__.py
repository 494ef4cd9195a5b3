"""Importance of channels, their selection, and the refit of what is left."""
