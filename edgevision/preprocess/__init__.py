"""How a photo becomes the input tensor: `ImagePreprocessing`, its presets, its implementation."""
