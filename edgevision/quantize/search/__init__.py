"""Choosing by measuring: steps on held-out images, precision by operator, accuracy targets."""
