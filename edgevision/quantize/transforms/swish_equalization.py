"""Equalization past a swish, whose gate has to see its channels as they are.

Equalization ends at x * gate(x), which is no f with f(r x) = r f(x), and networks with a swish are
those on which int8 collapses: one loud channel of the stem leaves all others a few steps. But
(r x) * gate((r x) / r) is r times the swish. One multiplication by constants on the way to the gate
is what it costs; the depthwise convolution behind, with a scale for each channel, takes r back.

Beyond Nagel et al. 2019, https://arxiv.org/abs/1906.04721, section 4.1, which ends at ReLUs.
"""

from dataclasses import dataclass, replace
from math import prod

import numpy as np
from numpy.typing import NDArray

from edgevision.quantize.calibrate.calibrated_model import CalibratedModel
from edgevision.quantize.calibrate.statistics import Statistics
from edgevision.quantize.step import Observations, Scope, Site, SiteStep
from edgevision.quantize.transforms.equalization import (
    equalization_factors,
    scale_consumer,
    scale_producer,
)
from edgevision.tflite import ops, schema
from edgevision.tflite.graph import Graph, Operator, OperatorId, Tensor
from edgevision.tflite.swish import Swish, find_swish

_CLOSED = 6.0
"""Below minus this a sigmoid's gate is closed: how far down a channel reaches does not matter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SwishPair:
    """A convolution, the swish of what it makes, and the depthwise convolution that reads that."""

    producer: OperatorId
    swish: Swish
    consumer: OperatorId
    made: int
    """Tensor of the convolution."""
    read: tuple[int, ...]
    """What the swish writes, and a PAD's output if there is one."""


def swish_pairs(graph: Graph, integer: frozenset[OperatorId]) -> tuple[SwishPair, ...]:
    """Where channels can be scaled past a gate that leaves them as they are so far."""
    consumers, found = graph.consumers(), []
    for op in graph.operators:
        if op.name not in ops.CONVOLUTIONS or op.options.fusedActivationFunction:
            continue
        swish = find_swish(graph, op.outputs[0], consumers)
        if swish is None or swish.scaled.size > 1 or graph.constant(op.inputs[1]) is None:
            continue
        read = [graph.operator(swish.product).outputs[0]]
        readers = consumers.get(read[-1], [])
        if len(readers) == 1 and graph.operators[readers[0]].name == ops.PAD:
            read.append(graph.operators[readers[0]].outputs[0])
            readers = consumers.get(read[-1], [])
        if len(readers) != 1 or {op.outputs[0], *read} & set(graph.outputs):
            continue
        reader = graph.operators[readers[0]]
        weights = graph.constant(reader.inputs[1]) if len(reader.inputs) > 1 else None
        if reader.name != ops.DEPTHWISE_CONV_2D or weights is None:
            continue
        if weights.shape[3] != graph.tensors[read[-1]].shape[3]:
            continue  # A depth multiplier: rare.
        if integer.issuperset({op.id, swish.gate, swish.product, reader.id}):
            pair = SwishPair(
                producer=op.id,
                swish=swish,
                consumer=reader.id,
                made=op.outputs[0],
                read=tuple(read),
            )
            found.append(pair)
    return tuple(found)


def swish_factors(statistics: Statistics, pair: SwishPair) -> NDArray[np.float64]:
    """Factor (at least 1) of each channel: no tensor's range shall grow."""
    closed = -_CLOSED if pair.swish.shift is None else -pair.swish.shift
    read = pair.read[0]
    before = equalization_factors(
        np.maximum(statistics.channel_low[pair.made], closed), statistics.channel_high[pair.made]
    )
    after = equalization_factors(statistics.channel_low[read], statistics.channel_high[read])
    return np.minimum(before, after)


def equalize_past_swish(model: CalibratedModel, made: int) -> CalibratedModel:
    """`model` of the same network with the channels of tensor `made` scaled up, to its swish.

    Raises:
        KeyError: no swish that they can be scaled past reads `made`.
    """
    statistics, integer = model.statistics, model.integer
    pair = {one.made: one for one in swish_pairs(model.graph, integer.operators)}[made]
    factor = swish_factors(statistics, pair)
    edited, lowering = _edited(model.graph, pair, factor)
    return replace(
        model,
        prepared=replace(model.prepared, graph=edited),
        statistics=_scaled(statistics, pair, factor, lowering.outputs[0]),
        integer=replace(integer, operators=integer.operators | {lowering.id}),
    )


def _edited(graph: Graph, pair: SwishPair, factor: NDArray[np.float64]) -> tuple[Graph, Operator]:
    """The graph with scaled channels, and the operator that lowers them for the gate."""
    edited = graph.copy()
    scale_producer(edited, pair.producer, factor)
    scale_consumer(edited, pair.consumer, factor)
    tensor = graph.tensors[pair.made]
    name = f"{tensor.name};lowered"
    inverse = (1 / factor).astype(np.float32).reshape(1, 1, 1, -1)
    seen = edited.add_tensor(Tensor(name=name, shape=tensor.shape, dtype=tensor.dtype))
    lowering = Operator(
        name=ops.MUL,
        inputs=[pair.made, edited.add_constant(f"{name};factors", inverse)],
        outputs=[seen],
        options_type=schema.BuiltinOptions.MulOptions,
        options=schema.MulOptionsT(),
    )
    gate = edited.operator(pair.swish.gate)
    gate.inputs = [seen if t == pair.made else t for t in gate.inputs]
    at = next(at for at, op in enumerate(edited.operators) if op.id == gate.id)
    edited.operators.insert(at, lowering)
    return edited, lowering


def _scaled(
    statistics: Statistics, pair: SwishPair, factor: NDArray[np.float64], lowered: int
) -> Statistics:
    """What would have been observed of the edited graph."""
    low, high = dict(statistics.low), dict(statistics.high)
    low[lowered], high[lowered] = low[pair.made], high[pair.made]
    for first, group in ((pair.made, (pair.made,)), (pair.read[0], pair.read)):
        bottom = statistics.channel_low[first] * factor
        top = statistics.channel_high[first] * factor
        for t in group:
            # A PAD adds zeros to what it is given, and any tensor's range holds them.
            low[t] = np.minimum(bottom.min(axis=1), 0).astype(np.float32)
            high[t] = np.maximum(top.max(axis=1), 0).astype(np.float32)
    mean_inputs = dict(statistics.mean_inputs)
    if pair.consumer in mean_inputs:
        mean_inputs[pair.consumer] = (mean_inputs[pair.consumer] * factor).astype(np.float32)
    return replace(statistics, low=low, high=high, mean_inputs=mean_inputs)


def _pairs(scope: Scope) -> tuple[SwishPair, ...]:
    is_int8 = scope.recipe.precision == "int8"
    return swish_pairs(scope.graph, scope.integer) if is_int8 else ()


def _observe(scope: Scope) -> Observations:
    return Observations(by_channel=tuple(t for p in _pairs(scope) for t in (p.made, p.read[0])))


def _sites(model: CalibratedModel) -> tuple[Site, ...]:
    return tuple(
        Site(
            tensor=pair.made,
            elements=prod(model.graph.tensors[pair.made].shape),
        )
        for pair in swish_pairs(model.graph, model.integer.operators)
    )


SWISH_EQUALIZATION = SiteStep(
    name="swish_equalization",
    label="channels scaled past the gate behind",
    default="auto",
    follows="equalization",
    applies=lambda scope: bool(_pairs(scope)),
    observe=_observe,
    sites=_sites,
    apply=equalize_past_swish,
)
