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
    return quantize(_levels(preprocessing), to, dtype)


def whole_number_table(
    preprocessing: ImagePreprocessing, dtype: np.dtype[Any]
) -> NDArray[Any] | None:
    """As `input_table`, for an integer input without a scale: it takes the numbers themselves.

    None where some are no whole numbers of `dtype`: cut to such, little would be left of a picture.
    """
    levels, limits = _levels(preprocessing), np.iinfo(dtype)
    whole = np.rint(levels)
    if (whole != levels).any() or levels.min() < limits.min or levels.max() > limits.max:
        return None
    return whole.astype(dtype)


def _levels(preprocessing: ImagePreprocessing) -> FloatArray:
    levels = np.repeat(np.arange(256, dtype=np.uint8)[:, None], preprocessing.channels, axis=1)
    return normalize(levels, preprocessing)
