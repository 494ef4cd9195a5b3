"""Figures an engineer can decide on: latency, memory, accuracy, per operation, here and afar."""
