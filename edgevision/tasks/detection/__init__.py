"""Object detection: labelled boxes in the picture."""
