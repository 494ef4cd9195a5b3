"""Calibration: what every activation of the float model is on the calibration images."""
