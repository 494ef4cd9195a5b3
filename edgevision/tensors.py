"""Arrays with a meaning, and the arithmetic between real numbers and quantized integers."""

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

RgbImage: TypeAlias = NDArray[np.uint8]
"""(height, width, 3), RGB order, 0-255."""

Pixels: TypeAlias = NDArray[np.uint8]
"""(height, width, channels) of the model's input size and colour order, 0-255."""

FloatArray: TypeAlias = NDArray[np.float32]
"""Real values, any shape."""

IntArray: TypeAlias = NDArray[Any]
"""Quantized values (int8, uint8, int16 or int32), any shape."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantization:
    """One scale and zero point for a whole tensor: real = scale * (q - zero_point)."""

    scale: float
    zero_point: int

    def __post_init__(self) -> None:
        if not (np.isfinite(self.scale) and self.scale > 0):
            message = f"scale must be positive and finite, got {self.scale}"
            raise ValueError(message)


def quantize(real: NDArray[Any], to: Quantization, dtype: np.dtype[Any]) -> IntArray:
    """Integers of `dtype` nearest to `real` (ties to even), saturated at the type's ends."""
    limits = np.iinfo(dtype)
    steps = np.rint(np.asarray(real, np.float64) / to.scale) + to.zero_point
    integers: IntArray = np.clip(steps, limits.min, limits.max).astype(dtype)
    return integers


def dequantize(q: IntArray, by: Quantization) -> FloatArray:
    """Real values of the integers `q`, same shape: real = scale * (q - zero_point)."""
    # Widen first: in int8, -128 - 127 wraps around to 1.
    widened = q.astype(np.int32) - by.zero_point
    return (np.float32(by.scale) * widened).astype(np.float32)
