"""What goes around a `.tflite`'s model (metadata, files, signatures) and leaves it untouched."""
