"""EdgeVision: a trained Keras image model to the edge, with proof that it answers the same."""

__version__ = "0.1.0"
