"""Calibration sets: chosen, pinned, checked."""
