"""How a photo becomes the input tensor: the contract, its presets, and its one implementation."""
