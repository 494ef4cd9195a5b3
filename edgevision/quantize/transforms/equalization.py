"""Cross-layer equalization: quiet channels scaled up, so that one scale serves all of a tensor.

A channel whose values never come near the tensor's range is multiplied by a factor where it is
made and divided by it in the weights that read it, and the activation between them gains
resolution. Depthwise weights have a scale for each such channel and lose nothing: it rises all the
way. In those of other convolutions it shares its scale with the rest, and what the activation
gains its weights lose: it rises by the root of that.

Source: Nagel et al. 2019 (cross-layer equalization), https://arxiv.org/abs/1906.04721, section
4.1; here upwards only, so that a ReLU6 cuts off nothing it did not before.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edgevision.quantize.calibrate.calibrated_model import CalibratedModel
from edgevision.quantize.calibrate.statistics import Statistics
from edgevision.quantize.step import Observations, Scope, TransformStep
from edgevision.tflite import ops, schema
from edgevision.tflite.graph import Graph, Operator, OperatorId

MOST = 8.0
"""Largest factor: beyond it a channel that was quiet on the calibration images only would be cut
off on others."""

MARGIN = 1.3
"""Room left above a channel's largest value seen, for images not seen."""


_ACTIVATIONS = {
    schema.ActivationFunctionType.NONE,
    schema.ActivationFunctionType.RELU,
    schema.ActivationFunctionType.RELU6,
}
"""Those with f(r x) = r f(x) for r > 0; ReLU6 while r x stays below 6."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerPair:
    """A convolution and the one that alone reads it, perhaps through a PAD."""

    producer: OperatorId
    consumer: OperatorId
    tensors: tuple[int, ...]
    """What the producer writes, and the PAD's output if there is one."""


def equalizable_pairs(graph: Graph) -> tuple[LayerPair, ...]:
    """Where quiet channels can be scaled up."""
    readers, pairs = graph.consumers(), []
    for op in graph.operators:
        if op.name not in ops.CONVOLUTIONS or graph.constant(op.inputs[1]) is None:
            continue
        if op.options.fusedActivationFunction not in _ACTIVATIONS:
            continue
        tensors = [op.outputs[0]]
        reader = _reader(graph, readers, tensors[-1])
        if reader is not None and reader.name == ops.PAD:
            tensors.append(reader.outputs[0])
            reader = _reader(graph, readers, tensors[-1])
        if reader is None or reader.name not in ops.CONVOLUTIONS:
            continue
        weights = graph.constant(reader.inputs[1])
        # In groups, or with a depth multiplier, a channel is not one index of the last axis: rare.
        if weights is not None and weights.shape[3] == graph.tensors[tensors[-1]].shape[3]:
            pairs.append(LayerPair(producer=op.id, consumer=reader.id, tensors=tuple(tensors)))
    return tuple(pairs)


def _reader(graph: Graph, readers: dict[int, list[int]], tensor: int) -> Operator | None:
    found = readers.get(tensor, [])
    is_alone = len(found) == 1 and tensor not in graph.outputs
    return graph.operators[found[0]] if is_alone else None


def equalization_factors(
    low: NDArray[np.floating], high: NDArray[np.floating]
) -> NDArray[np.float64]:
    """Factor (at least 1) of each channel, from its extremes in each image (images, channels).

    A channel may rise to what the loudest one typically reaches, not beyond, so the tensor's range
    stays as it is.
    """
    reach = np.maximum(-low, high).astype(np.float64)
    loudest = reach.mean(axis=0).max(initial=0.0)
    ever = reach.max(axis=0)
    # A dead channel says nothing about what it may do: it stays.
    alive = ever > 1e-6 * max(loudest, 1e-30)
    room = np.divide(loudest, MARGIN * ever, out=np.ones_like(ever), where=alive)
    factors: NDArray[np.float64] = np.clip(room, 1.0, MOST)
    return factors


def equalize(graph: Graph, statistics: Statistics) -> tuple[Graph, Statistics]:
    """The same network with quiet channels scaled up, and what its statistics are."""
    edited = graph.copy()
    low, high = dict(statistics.low), dict(statistics.high)
    mean_inputs = dict(statistics.mean_inputs)
    for pair in equalizable_pairs(graph):
        made = pair.tensors[0]
        if made not in statistics.channel_low:
            continue
        bottom, top = statistics.channel_low[made], statistics.channel_high[made]
        factor = equalization_factors(bottom, top)
        if graph.operator(pair.consumer).name != ops.DEPTHWISE_CONV_2D:
            factor = np.sqrt(factor)
        scale_producer(edited, pair.producer, factor)
        scale_consumer(edited, pair.consumer, factor)
        for t in pair.tensors:
            low[t] = np.minimum((bottom * factor).min(axis=1), 0).astype(np.float32)
            high[t] = np.maximum((top * factor).max(axis=1), 0).astype(np.float32)
        if pair.consumer in mean_inputs:
            mean_inputs[pair.consumer] = (mean_inputs[pair.consumer] * factor).astype(np.float32)
    return edited, replace(statistics, low=low, high=high, mean_inputs=mean_inputs)


def scale_producer(graph: Graph, producer: OperatorId, factor: NDArray[np.float64]) -> None:
    """Multiply what the convolution `producer` makes by `factor`, (channels,), in place."""
    op = graph.operator(producer)
    weights = graph.known(op.inputs[1])
    shape = (-1, 1, 1, 1) if op.name == ops.CONV_2D else (1, 1, 1, -1)
    name = graph.tensors[op.inputs[1]].name
    op.inputs[1] = graph.add_constant(name, (weights * factor.reshape(shape)).astype(np.float32))
    if len(op.inputs) > 2 and op.inputs[2] >= 0:
        bias = graph.known(op.inputs[2])
        name = graph.tensors[op.inputs[2]].name
        op.inputs[2] = graph.add_constant(name, (bias * factor).astype(np.float32))


def scale_consumer(graph: Graph, consumer: OperatorId, factor: NDArray[np.float64]) -> None:
    """Have the convolution `consumer` divide its inputs by `factor`, (channels,), in place."""
    op = graph.operator(consumer)
    weights = graph.known(op.inputs[1])
    name = graph.tensors[op.inputs[1]].name
    op.inputs[1] = graph.add_constant(name, (weights / factor).astype(np.float32))


def _pairs(scope: Scope) -> tuple[LayerPair, ...]:
    if scope.recipe.precision != "int8":
        return ()
    return tuple(p for p in equalizable_pairs(scope.graph) if p.producer in scope.integer)


def _equalized(model: CalibratedModel) -> CalibratedModel:
    graph, statistics = equalize(model.graph, model.statistics)
    return replace(model, prepared=replace(model.prepared, graph=graph), statistics=statistics)


EQUALIZATION = TransformStep(
    name="equalization",
    label="equalized",
    default="auto",
    applies=lambda scope: bool(_pairs(scope)),
    observe=lambda scope: Observations(by_channel=tuple(p.tensors[0] for p in _pairs(scope))),
    apply=_equalized,
)
