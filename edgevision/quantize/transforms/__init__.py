"""Rewrites of the float graph that leave its answers as they are and make it easier to quantize."""
