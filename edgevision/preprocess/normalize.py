"""From pixels to the numbers a model's input tensor wants: normalized, then perhaps quantized."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.tensors import FloatArray, Pixels, Quantization, quantize


def normalize(pixels: Pixels, preprocessing: ImagePreprocessing) -> FloatArray:
    """Real input values (pixel - mean) / std, same shape as `pixels`, (..., width, channels).

    One multiply and one add in float32 per value, as on a phone; the factors are rounded once.
    """
    # A whole row at a time: three channels at a time take ten times as long.
    scale, offset = (np.tile(one, pixels.shape[-2]) for one in affine(preprocessing))
    values = pixels.astype(np.float32).reshape(*pixels.shape[:-2], -1)
    values *= scale
    values += offset
    return values.reshape(pixels.shape)


def affine(preprocessing: ImagePreprocessing) -> tuple[FloatArray, FloatArray]:
    """`(scale, offset)`, each (channels,): real = pixel * scale + offset."""
    std = np.asarray(preprocessing.channel_std, np.float64)
    mean = np.asarray(preprocessing.channel_mean, np.float64)
    return (1 / std).astype(np.float32), (-mean / std).astype(np.float32)


def input_table(
    preprocessing: ImagePreprocessing, to: Quantization, dtype: np.dtype[Any]
) -> NDArray[Any]:
    """What each pixel value becomes in a quantized input tensor: (256, channels) of `dtype`.

    Preprocessing for an integer input is one look-up per value: no float image is ever made.
    """
    levels = np.repeat(np.arange(256, dtype=np.uint8)[:, None], preprocessing.channels, axis=1)
    return quantize(normalize(levels, preprocessing), to, dtype)
