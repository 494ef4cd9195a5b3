"""Channels that a quantizer rescaled on purpose, so that they are not mistaken for errors.

Cross-layer equalization multiplies a channel where it is made and divides it in the depthwise
layer that reads it. The function stays the same, but the tensor between them is another one. The
depthwise weights of both files tell the factor.

Source of the rescaling: Nagel et al. 2019, https://arxiv.org/abs/1906.04721, section 4.1.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edgevision.artifact.model import Tensor, TfliteModel
from edgevision.verify.align import Pair

_NOTICEABLE = 1.2
"""Rounding to 8 bits moves the factor of a channel by some per cent at most."""

_PASSING = frozenset({"PAD", "RELU", "RELU6", "MAX_POOL_2D"})
"""Operations through which a factor per channel passes (a ReLU6 as far as it does not cut)."""


def channel_factors(
    float_model: TfliteModel, quantized_model: TfliteModel, pairs: Sequence[Pair]
) -> dict[int, NDArray[np.float64]]:
    """Float tensor -> (channels,) what each channel was multiplied by; only rescaled tensors."""
    factors: dict[int, NDArray[np.float64]] = {}
    makers = {op.outputs[0]: op for op in float_model.operators if op.outputs}
    for pair in reversed(pairs):
        if pair.operation != "DEPTHWISE_CONV_2D":
            continue
        op = float_model.operators[pair.float_operator]
        twin = quantized_model.operators[pair.quantized_operator]
        if twin.name != pair.operation:
            continue
        ratio = _ratio(
            real_values(float_model.tensors[op.inputs[1]]),
            real_values(quantized_model.tensors[twin.inputs[1]]),
        )
        if ratio is None or len(ratio) != float_model.tensors[op.inputs[0]].shape[-1]:
            continue
        factor = factors.get(pair.float_tensor, np.ones(len(ratio))) / ratio
        if np.abs(np.log(factor)).max() < np.log(_NOTICEABLE):
            continue
        tensor = op.inputs[0]
        factors[tensor] = factor
        while tensor in makers and makers[tensor].name in _PASSING:
            tensor = makers[tensor].inputs[0]
            factors[tensor] = factor
    return factors


def real_values(tensor: Tensor) -> NDArray[np.float64] | None:
    """Real numbers of a constant tensor, in its shape; None when it is computed or of odd type."""
    if tensor.data is None:
        return None
    try:
        stored = np.frombuffer(tensor.data, np.dtype(tensor.dtype).newbyteorder("<"))
    except (TypeError, ValueError):
        return None
    if stored.size != tensor.elements:
        return None
    values: NDArray[np.float64] = stored.reshape(tensor.shape).astype(np.float64)
    if not tensor.scales:
        return values
    shape = [1] * len(tensor.shape)
    if len(tensor.scales) > 1:
        shape[tensor.axis] = len(tensor.scales)
    zero = np.resize(np.asarray(tensor.zero_points or (0,), np.float64), len(tensor.scales))
    scaled: NDArray[np.float64] = (values - zero.reshape(shape)) * np.reshape(tensor.scales, shape)
    return scaled


def _ratio(
    before: NDArray[np.float64] | None, after: NDArray[np.float64] | None
) -> NDArray[np.float64] | None:
    """Least-squares factor from `before` to `after` for each index of the last axis."""
    if before is None or after is None or before.shape != after.shape:
        return None
    axes = tuple(range(before.ndim - 1))
    power = (before * before).sum(axes)
    ratio = np.ones_like(power)
    np.divide((before * after).sum(axes), power, out=ratio, where=power > 0)
    # A channel whose weights vanished or changed sign was not rescaled but lost.
    return np.where(ratio > 1e-3, ratio, 1.0)
