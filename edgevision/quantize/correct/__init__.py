"""Corrections of the quantized graph, layer by layer: GPTQ and bias correction."""
