"""From ranges of real numbers to scales, and from real weights to integers: arithmetic alone.

Source: Jacob et al. 2018, https://arxiv.org/abs/1712.05877, with TFLite's choices
(https://ai.google.dev/edge/litert/models/quantization_spec): activations int8 with a zero point,
weights int8 symmetric in -127..127 with a scale per output channel, bias int32 in the scale
input x weight.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgevision.tensors import FloatArray
from edgevision.tflite.graph import QuantParams

Range = tuple[float, float]
"""Smallest and largest real value a tensor has to represent."""

BIAS_LIMIT = 2**30
"""Largest |bias| written: leaves as much again of the int32 accumulator to the products, and
every runtime checks or wraps beyond 2**31."""

SMALLEST_SCALE = 1e-9
"""Floor of any scale. Kernels divide by scales and shift by their logarithms: 0 would be NaN."""


def activation_scales(low: float, high: float, *, bits: int = 8) -> QuantParams:
    """Scale and zero point that represent `low`..`high`, and 0 exactly.

    16 bits are symmetric (zero point 0), as TFLite's int16 kernels demand. A constant zero gets
    the scale 1/255: any would do, and this one upsets no kernel.

    >>> params = activation_scales(0.0, 5.1)
    >>> round(float(params.scale[0]), 4), int(params.zero_point[0])
    (0.02, -128)
    """
    low, high = min(0.0, low), max(0.0, high)
    if bits == 16:
        bound = max(-low, high) or 1.0
        return scalar_scales(max(bound / 32767, SMALLEST_SCALE), 0)
    width = (high - low) or 1.0
    scale = max(width / 255, SMALLEST_SCALE)
    zero_point = int(np.clip(np.rint(-128 - low / scale), -128, 127))
    return scalar_scales(scale, zero_point)


def scalar_scales(scale: float, zero_point: int) -> QuantParams:
    """One scale for a whole tensor."""
    return QuantParams(
        scale=np.asarray([scale], np.float32), zero_point=np.asarray([zero_point], np.int64)
    )


def weight_scales(
    weights: FloatArray,
    axis: int | None,
    *,
    bias: FloatArray | None,
    input_scale: float,
) -> QuantParams:
    """Symmetric scales of `weights`, one per index along `axis` (None: one for all).

    A scale is max|w|/127, but no smaller than keeps the channel's bias within BIAS_LIMIT: in a
    dead channel (all weights near 0, the bias not) it would overflow int32 and change its sign.
    """
    if axis is None:
        peak = np.abs(weights).max(initial=0.0, keepdims=True).reshape(1).astype(np.float64)
        biases = 0.0 if bias is None else np.abs(bias).max(initial=0.0)
    else:
        others = tuple(a for a in range(weights.ndim) if a != axis)
        peak = np.abs(weights).max(axis=others, initial=0.0).astype(np.float64)
        biases = 0.0 if bias is None else np.abs(bias).astype(np.float64)
    floor = np.maximum(np.asarray(biases) / (input_scale * BIAS_LIMIT), SMALLEST_SCALE)
    scale = np.maximum(peak / 127, floor).astype(np.float32)
    return QuantParams(scale=scale, zero_point=np.zeros(len(scale), np.int64), axis=axis or 0)


def quantize_weights(weights: FloatArray, scales: QuantParams) -> NDArray[np.int8]:
    """Nearest integers of `weights` in -127..127, same shape."""
    steps = weights / _broadcast(scales, weights.ndim)
    # In place: a dense layer behind Flatten may have 170 MB of weights.
    np.clip(np.rint(steps, out=steps), -127, 127, out=steps)
    integers: NDArray[np.int8] = steps.astype(np.int8)
    return integers


def dequantize_weights(integers: NDArray[Any], scales: QuantParams) -> FloatArray:
    """Real weights that `integers` stand for, same shape."""
    return (integers * _broadcast(scales, integers.ndim)).astype(np.float32)


def quantize_bias(
    bias: FloatArray, input_scale: float, scales: QuantParams, dtype: np.dtype[Any]
) -> tuple[NDArray[Any], QuantParams]:
    """Integers of `bias` in the accumulator's scale, and that scale; never beyond BIAS_LIMIT."""
    step = np.float64(input_scale) * scales.scale.astype(np.float64)
    integers = np.clip(np.rint(bias.astype(np.float64) / step), -BIAS_LIMIT, BIAS_LIMIT)
    return integers.astype(dtype), QuantParams(
        scale=step.astype(np.float32), zero_point=np.zeros(len(step), np.int64)
    )


def quantize_constant(
    values: FloatArray, scales: QuantParams, dtype: np.dtype[Any]
) -> NDArray[Any]:
    """Integers of a constant beside activations (an addend, a factor), one scale for all."""
    limits = np.iinfo(dtype)
    steps = np.rint(values.astype(np.float64) / float(scales.scale[0])) + scales.zero_point[0]
    integers: NDArray[Any] = np.clip(steps, limits.min, limits.max).astype(dtype)
    return integers


def _broadcast(scales: QuantParams, rank: int) -> FloatArray:
    shape = [1] * rank
    shape[scales.axis if len(scales.scale) > 1 else 0] = len(scales.scale)
    return scales.scale.reshape(shape)
