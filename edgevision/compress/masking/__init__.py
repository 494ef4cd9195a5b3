"""Magnitude pruning (unstructured and 2:4): weights held at zero while a model is trained."""
