"""The error of a quantized file, layer by layer."""
