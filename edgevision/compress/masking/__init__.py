"""Magnitude pruning: weights held at zero while a model is trained."""
