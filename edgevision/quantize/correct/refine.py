"""Correcting the integer graph layer by layer, each on what the corrected ones before it gave."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgevision.progress import Progress, silent
from edgevision.quantize.assign import affine
from edgevision.quantize.calibrate.statistics import Feed, Statistics
from edgevision.quantize.correct.layerwise import Values, live_bytes, walk
from edgevision.quantize.correct.mean_inputs import is_followed
from edgevision.quantize.step import IntegerLayer, LayerStep
from edgevision.tflite.graph import Graph, Operator, OperatorId, QuantParams, Tensor

ROOM_BYTES = 200 << 20
"""Memory for the activations of all images at one place in the network; two graphs may be refined
side by side."""

MOST_IMAGES = 32
"""More say little new about a median of means: MobileNetV2 comes out as near with 32 as with 64."""

LEAST_IMAGES = 8
"""Fewer say too little about the typical image; a network that wide takes the memory it needs."""


def correct_layers(
    source: Graph,
    lowered: Graph,
    statistics: Statistics,
    feeds: Iterable[Feed],
    *,
    steps: Sequence[LayerStep],
    seed: int = 0,
    progress: Progress = silent,
) -> Graph:
    """The integer graph with its layers corrected, each on the corrected layers before it.

    Args:
        source: the float graph it was lowered from.
        lowered: the integer graph.
        statistics: of the float graph, over the same images as `feeds`.
        feeds: what the integer graph's inputs hold for each image.
        steps: what is done to each layer that they do not leave out, in this order.
        seed: of what they choose by chance.
        progress: told how far through the network it is.
    """
    if not steps:
        return lowered
    graph = lowered.copy()
    room = ROOM_BYTES // max(1, live_bytes(graph))
    count = min(statistics.count, MOST_IMAGES, max(LEAST_IMAGES, room))
    held = list(islice(feeds, count))
    layers = {layer.op.id: layer for layer in _layers(source, graph)}

    def visit(at: int, alive: dict[int, Values]) -> None:
        op = graph.operators[at]
        if op.id in layers:
            progress(at + 1, len(graph.operators), "correcting")
            layer = layers[op.id]
            _corrected(
                source,
                graph,
                layer,
                statistics,
                changes=[s.apply for s in steps if not s.leaves_out(source, layer.op)],
                inputs=alive[op.inputs[0]],
                seed=seed,
            )

    walk(graph, held, visit)
    progress(len(graph.operators), len(graph.operators), "correcting")
    return graph


def estimate_layers(
    source: Graph, lowered: Graph, statistics: Statistics, *, steps: Sequence[LayerStep]
) -> Graph:
    """The integer graph with its layers corrected from statistics alone, at once."""
    changes = [step.estimate for step in steps if step.estimate is not None]
    if not changes:
        return lowered
    graph = lowered.copy()
    for layer in _layers(source, graph):
        _corrected(source, graph, layer, statistics, changes=changes)
    return graph


def left_out_layers(source: Graph, graph: Graph, step: LayerStep) -> dict[OperatorId, str]:
    """Layer of the float `source` and the integer `graph` -> why `step` leaves it as it is."""
    reasons = {layer.op.id: step.leaves_out(source, layer.op) for layer in _layers(source, graph)}
    return {one: reason for one, reason in reasons.items() if reason}


@dataclass(frozen=True, slots=True, kw_only=True)
class _LoweredLayer:
    """A layer with int8 weights, in both graphs."""

    op: Operator
    """Of the float graph."""
    lowered: Operator
    """Of the integer graph."""
    weights: Tensor
    """Of the integer graph."""
    input_scales: QuantParams


def _layers(source: Graph, graph: Graph) -> Iterator[_LoweredLayer]:
    lowered = {op.id: op for op in graph.operators}
    for op in source.operators:
        if not is_followed(source, op):
            continue
        made = lowered[op.id]
        weights, given = graph.tensors[made.inputs[1]], graph.tensors[made.inputs[0]].scales
        if weights.data is not None and weights.dtype == np.int8 and given is not None:
            yield _LoweredLayer(op=op, lowered=made, weights=weights, input_scales=given)


def _corrected(
    source: Graph,
    graph: Graph,
    layer: _LoweredLayer,
    statistics: Statistics,
    *,
    changes: Iterable[Callable[[IntegerLayer], IntegerLayer]],
    inputs: Sequence[NDArray[Any]] = (),
    seed: int = 0,
) -> None:
    """Replace the constants of one layer of the integer `graph` by what `changes` make of them."""
    scales, given = layer.weights.scales, layer.input_scales
    if layer.weights.data is None or scales is None:
        return
    changed = IntegerLayer(
        graph=source,
        op=layer.op,
        scales=scales,
        integers=layer.weights.data,
        input_step=float(given.scale[0]),
        input_zero=int(given.zero_point[0]),
        inputs=inputs,
        mean_inputs=statistics.mean_inputs.get(layer.op.id),
        seed=seed,
    )
    for change in changes:
        changed = change(changed)
    layer.weights.data = changed.integers
    if changed.bias_shift is not None:
        _add_to_bias(graph, layer.lowered, changed.bias_shift, changed.input_step)


def _add_to_bias(
    graph: Graph, op: Operator, shift: NDArray[np.float64], input_scale: float
) -> None:
    scales = graph.tensors[op.inputs[1]].scales
    if scales is None:
        return
    op.inputs = [*op.inputs, -1][:3] if len(op.inputs) < 3 else list(op.inputs)
    old: Any = graph.constant(op.inputs[2])
    wide = np.float64(input_scale) * scales.scale.astype(np.float64)
    steps = np.rint(shift / wide) + (0 if old is None else old)
    kind = np.dtype(np.int32) if old is None else old.dtype
    values = np.clip(steps, -affine.BIAS_LIMIT, affine.BIAS_LIMIT).astype(kind)
    name = f"{graph.tensors[op.outputs[0]].name};bias"
    tensor = Tensor(
        name=name if old is None else graph.tensors[op.inputs[2]].name,
        shape=values.shape,
        dtype=kind,
        data=values,
        scales=QuantParams(scale=wide.astype(np.float32), zero_point=np.zeros(len(wide), np.int64)),
    )
    op.inputs[2] = graph.add_tensor(tensor)
