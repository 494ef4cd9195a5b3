"""Refining the integer graph layer by layer: weights rounded with care, biases corrected."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgevision.progress import Progress, silent
from edgevision.quantize.assign import affine
from edgevision.quantize.calibrate.statistics import Feed, Statistics
from edgevision.quantize.correct.bias_correction import bias_shift
from edgevision.quantize.correct.gptq import gptq, gptq_each
from edgevision.quantize.correct.gram import centred_gram, is_too_wide, reads_per_output
from edgevision.quantize.correct.layerwise import Values, live_bytes, walk
from edgevision.quantize.correct.mean_inputs import is_followed, mean_response, patch_input, taps_of
from edgevision.quantize.lower.integer_graph import IntegerGraph
from edgevision.tflite import ops
from edgevision.tflite.graph import Graph, Operator, QuantParams, Tensor
from edgevision.tflite.ops.kinds import kind_of

ROOM_BYTES = 200 << 20
"""Memory for the activations of all images at one place in the network; two graphs may be refined
side by side."""

MOST_IMAGES = 32
"""More say little new about a median of means: MobileNetV2 comes out as near with 32 as with 64."""

LEAST_IMAGES = 8
"""Fewer say too little about the typical image; a network that wide takes the memory it needs."""


def correct_layers(
    source: Graph,
    lowered: IntegerGraph,
    statistics: Statistics,
    feeds: Iterable[Feed],
    *,
    rounding: bool,
    biases: bool,
    seed: int = 0,
    progress: Progress = silent,
) -> Graph:
    """The integer graph with its layers corrected, each on the corrected layers before it.

    Args:
        source: the float graph it was lowered from.
        lowered: the integer graph.
        statistics: of the float graph, over the same images as `feeds`.
        feeds: what the integer graph's inputs hold for each image.
        rounding: choose the integers of weights by the layer's output; those of layers that are
            too wide for it stay as they are.
        biases: take the mean error out of them.
        seed: of the choice of positions that rounding looks at.
        progress: told how far through the network it is.
    """
    if not (biases or rounding):
        return lowered.graph
    graph = lowered.graph.copy()
    room = ROOM_BYTES // max(1, live_bytes(graph))
    count = min(statistics.count, MOST_IMAGES, max(LEAST_IMAGES, room))
    held = list(islice(feeds, count))
    origin = {place: at for at, place in enumerate(lowered.position) if is_followed(source, at)}

    corrector = _Corrector(source, graph, statistics, rounding=rounding, biases=biases, seed=seed)

    def visit(place: int, alive: dict[int, Values]) -> None:
        if place in origin and _is_integer_layer(graph, place):
            progress(place + 1, len(graph.operators), "correcting")
            corrector.correct(origin[place], place, alive)

    walk(graph, held, visit)
    progress(len(graph.operators), len(graph.operators), "correcting")
    return graph


def correct_for_weights(source: Graph, lowered: IntegerGraph, statistics: Statistics) -> Graph:
    """The integer graph with the mean error of its rounded weights taken out of the biases.

    From statistics alone, as if activations were exact: most of what `correct_layers` gains, at
    once.
    Source: Finkelstein et al. 2019, https://arxiv.org/abs/1906.03193.
    """
    graph = lowered.graph.copy()
    for at, place in enumerate(lowered.position):
        if at not in statistics.patches or not _is_integer_layer(graph, place):
            continue
        op, float_op = graph.operators[place], source.operators[at]
        weights, data = graph.tensors[op.inputs[1]], graph.tensors[op.inputs[0]]
        if weights.data is None or weights.scales is None or data.scales is None:
            continue
        rounded = affine.dequantize_weights(weights.data, weights.scales)
        typical = statistics.patches[at].mean(axis=0, keepdims=True)
        error = mean_response(float_op, source.known(float_op.inputs[1]) - rounded, typical)
        _add_to_bias(graph, place, error[0], float(data.scales.scale[0]))
    return graph


def too_wide_layers(source: Graph, graph: Graph, position: Sequence[int]) -> dict[int, int]:
    """Operator of the integer `graph` -> inputs of each output, where nothing rounds with care.

    `position` says where each operator of the float graph `source` stands in it.
    """
    return {
        place: reads_per_output(source, source.operators[at])
        for at, place in enumerate(position)
        if is_followed(source, at)
        and _is_integer_layer(graph, place)
        and is_too_wide(source, source.operators[at])
    }


def _is_integer_layer(graph: Graph, place: int) -> bool:
    weights = graph.constant(graph.operators[place].inputs[1])
    data = graph.tensors[graph.operators[place].inputs[0]]
    return weights is not None and weights.dtype == np.int8 and data.scales is not None


class _Corrector:
    """Corrects layers of one graph; holds what they all need."""

    def __init__(
        self,
        source: Graph,
        graph: Graph,
        statistics: Statistics,
        *,
        rounding: bool,
        biases: bool,
        seed: int,
    ) -> None:
        self.source, self.graph, self.statistics = source, graph, statistics
        self.rounding, self.biases, self.seed = rounding, biases, seed

    def correct(self, at: int, place: int, alive: dict[int, Values]) -> None:
        """Correct the layer that is operator `at` of the source and `place` of the graph."""
        op, float_op = self.graph.operators[place], self.source.operators[at]
        weights = self.graph.tensors[op.inputs[1]]
        data = self.graph.tensors[op.inputs[0]]
        if weights.data is None or weights.scales is None or data.scales is None:
            return
        step, zero = float(data.scales.scale[0]), int(data.scales.zero_point[0])
        values = alive[op.inputs[0]]
        if self.rounding and not is_too_wide(self.source, float_op):
            weights.data = _rounded(
                self.source, float_op, values, weights.scales, zero=zero, seed=self.seed
            )
        if not self.biases:
            return
        taps = taps_of(self.source, float_op)
        integer_patches = np.stack(
            [taps.mean_patch(patch_input(float_op, value, weights.shape)) for value in values]
        )
        shift = bias_shift(
            float_op,
            weights=self.source.known(float_op.inputs[1]),
            rounded=affine.dequantize_weights(weights.data, weights.scales),
            patches=self.statistics.patches[at][: len(values)],
            integer_patches=(integer_patches - zero * taps.coverage) * np.float32(step),
        )
        _add_to_bias(self.graph, place, shift, step)


def _rounded(
    source: Graph, op: Operator, values: Values, scales: QuantParams, *, zero: int, seed: int
) -> NDArray[np.int8]:
    """Integer weights that give the float layer's outputs on the integer layer's inputs."""
    weights = source.known(op.inputs[1])
    gram = centred_gram(source, op, values, zero=zero, seed=seed)
    steps = np.broadcast_to(scales.scale, weights.shape[kind_of(op.name).channel_axis])
    if op.name != ops.DEPTHWISE_CONV_2D:
        flat = weights.reshape(len(weights), -1)
        return gptq(flat, gram, steps).reshape(weights.shape)
    taps = weights[0].reshape(-1, weights.shape[3])
    grams = np.repeat(gram, weights.shape[3] // len(gram), axis=0)
    return gptq_each(taps.T, grams, steps).T.reshape(weights.shape)


def _add_to_bias(graph: Graph, place: int, shift: NDArray[np.float64], input_scale: float) -> None:
    op = graph.operators[place]
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
