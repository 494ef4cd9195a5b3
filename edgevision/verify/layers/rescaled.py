"""Channels that a quantizer rescaled on purpose, so that they are not mistaken for errors.

Cross-layer equalization multiplies a channel where it is made and divides it in the convolution
that reads it. The function stays the same, but the tensor between them is another one. The weights
that make a channel tell the factor, in both files; those that read it, whether it was made good.

Source of the rescaling: Nagel et al. 2019, https://arxiv.org/abs/1906.04721, section 4.1.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgevision.tflite import ops
from edgevision.tflite.graph import Graph, OperatorId
from edgevision.tflite.ops.kinds import kind_of
from edgevision.tflite.swish import find_swish
from edgevision.tflite.view import Tensor, TfliteModel
from edgevision.verify.layers.align import AlignedOperators

_NOTICEABLE = 1.2
"""Rounding to 8 bits moves the factor of a channel by some per cent at most."""

_PASSING = frozenset({ops.PAD, ops.RELU, ops.RELU6, ops.MAX_POOL_2D, ops.HARD_SWISH})
"""Operations through which a factor per channel passes (a ReLU6 as far as it does not cut, a swish
because the quantizer takes the factor back before its gate)."""

Float64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class _LayerWeights:
    """The weights of one layer in both files."""

    operator: int
    """Of the float file."""
    reads: int
    """Float tensor."""
    makes: int
    axis: int
    """Of the output's channels."""
    before: Float64
    after: Float64


def channel_factors(
    graph: Graph,
    float_model: TfliteModel,
    quantized_model: TfliteModel,
    pairs: Sequence[AlignedOperators],
) -> dict[int, Float64]:
    """Float tensor -> (channels,) what each channel was multiplied by; only rescaled tensors.

    `graph` is that of `float_model`.
    """
    consumers = graph.consumers()
    factors: dict[int, Float64] = {}
    layers = _layers(float_model, quantized_model, pairs)
    by_operator: dict[int | None, _LayerWeights] = {layer.operator: layer for layer in layers}
    for layer in layers:
        before = layer.before
        if layer.reads in factors:
            before = before / factors[layer.reads]
        factor = _ratio(before, layer.after, layer.axis)
        if np.abs(np.log(factor)).max() < np.log(_NOTICEABLE):
            continue
        path, at = _path(graph, consumers, layer.makes)
        reader = by_operator.get(at)
        if reader is None:
            continue
        _, following = _path(graph, consumers, reader.makes)
        if _makes_good(reader, factor, by_operator.get(following)):
            factors |= dict.fromkeys(path, factor)
    return factors


def _layers(
    float_model: TfliteModel, quantized_model: TfliteModel, pairs: Sequence[AlignedOperators]
) -> list[_LayerWeights]:
    layers = []
    for pair in pairs:
        op = float_model.operators[pair.float_operator]
        twin = quantized_model.operators[pair.quantized_operator]
        if op.name not in ops.CONVOLUTIONS or twin.name != op.name:
            continue
        before = real_values(float_model.tensors[op.inputs[1]])
        after = real_values(quantized_model.tensors[twin.inputs[1]])
        channels = float_model.tensors[op.inputs[0]].shape[-1]
        if before is None or after is None or before.shape != after.shape:
            continue
        # In groups, or with a depth multiplier, the last axis is another one.
        if before.shape[-1] == channels:
            layers.append(
                _LayerWeights(
                    operator=pair.float_operator,
                    reads=op.inputs[0],
                    makes=op.outputs[0],
                    axis=kind_of(op.name).channel_axis,
                    before=before,
                    after=after,
                )
            )
    return layers


def _path(
    graph: Graph, consumers: Mapping[int, list[int]], tensor: int
) -> tuple[list[int], OperatorId | None]:
    """`tensor` and what lets a factor pass makes of it, and the one operator that reads the last.

    None where several read it, or none.
    """
    path = [tensor]
    while True:
        readers = consumers.get(path[-1], [])
        swish = find_swish(graph, path[-1], consumers)
        if swish is None and len(readers) != 1:
            return path, None
        reader = graph.operators[readers[0]] if swish is None else graph.operator(swish.product)
        if swish is None and reader.name not in _PASSING:
            return path, reader.id
        path.append(reader.outputs[0])


def _makes_good(reader: _LayerWeights, factor: Float64, behind: _LayerWeights | None) -> bool:
    """Whether the weights that read the channels are rather divided by `factor` than as before.

    Their outputs may have factors of their own. A depthwise convolution has one output for each
    channel, so both factors are in one ratio; what is `behind` it tells which one is not taken
    back there.
    """
    if len(factor) != reader.before.shape[-1]:
        return False
    if reader.axis == 0:
        return _is_divided(reader, factor, rather_than=np.ones_like(factor))
    ratio = _ratio(reader.before, reader.after, reader.axis)
    if behind is not None and behind.axis == 0 and len(factor) == behind.before.shape[-1]:
        return _is_divided(behind, ratio * factor, rather_than=ratio)
    return bool(np.square(np.log(ratio * factor)).sum() < np.square(np.log(ratio)).sum())


def _is_divided(layer: _LayerWeights, factor: Float64, *, rather_than: Float64) -> bool:
    """Whether the weights of a convolution were divided by `factor` rather than by the other."""
    these, those = (_likeness(layer.before / one, layer.after) for one in (factor, rather_than))
    return these > those


def _likeness(before: Float64, after: Float64) -> float:
    """Mean cosine between the weights of each output channel, the first axis."""
    ours, theirs = before.reshape(len(before), -1), after.reshape(len(after), -1)
    length = np.sqrt((ours * ours).sum(1) * (theirs * theirs).sum(1))
    alive = length > 0
    return float(((ours * theirs).sum(1)[alive] / length[alive]).mean()) if alive.any() else 0.0


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


def _ratio(before: Float64, after: Float64, axis: int) -> Float64:
    """Least-squares factor from `before` to `after` for each index of `axis`."""
    axes = tuple(a for a in range(before.ndim) if a != axis)
    power = (before * before).sum(axes)
    ratio = np.ones_like(power)
    np.divide((before * after).sum(axes), power, out=ratio, where=power > 0)
    # A channel whose weights vanished or changed sign was not rescaled but lost.
    return np.where(ratio > 1e-3, ratio, 1.0)
