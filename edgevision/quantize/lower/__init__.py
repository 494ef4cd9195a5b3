"""Writing the quantized graph."""
