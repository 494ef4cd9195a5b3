"""The forms in which image sets lie on disk."""
