"""From what was observed to the range each activation shall represent."""

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from edgevision.quantize.assign.affine import Range
from edgevision.quantize.calibrate.statistics import Statistics
from edgevision.quantize.step import RangeStep, TensorRanges
from edgevision.tflite.graph import Graph
from edgevision.tflite.ops.kinds import kind_of


def observed_ranges(
    statistics: Statistics, widening: float, *, whole: Collection[int]
) -> dict[int, Range]:
    """Range of each observed tensor, between its typical one and its extremes.

    Args:
        statistics: what was observed.
        widening: 0 for the mean over images of each image's extremes, 1 for the extremes over all
            images, or between. 0 is NNCF's default (MEAN_MINMAX, https://arxiv.org/abs/2002.08679):
            one odd image widens the range by a hundredth of what it widens the extremes. But what
            only some images have, and which decides their class, is cut off.
        whole: tensors that are never clipped.
    """
    ranges = {}
    for t in statistics.low:
        low, high = min_max(statistics, t)
        if t not in whole:
            typical = (
                float(np.mean(statistics.low[t], dtype=np.float64)),
                float(np.mean(statistics.high[t], dtype=np.float64)),
            )
            low = typical[0] + widening * (low - typical[0])
            high = typical[1] + widening * (high - typical[1])
        ranges[t] = (low, high)
    return ranges


def min_max(statistics: Statistics, tensor: int) -> Range:
    """Extremes over all images."""
    return float(statistics.low[tensor].min()), float(statistics.high[tensor].max())


def never_clipped(graph: Graph) -> frozenset[int]:
    """Tensors that decide the answer: inputs, outputs, and what softmax and movers make them of.

    Clipped logits tie at 127, and the first class of the tie wins.
    """
    producers = graph.producers()
    unclipped: set[int] = set(graph.inputs)
    open_ends = list(graph.outputs)
    while open_ends:
        t = open_ends.pop()
        if t in unclipped:
            continue
        unclipped.add(t)
        op = graph.operators[producers[t]] if t in producers else None
        if op is not None and kind_of(op.name).scaling in {"same", "fixed"}:
            open_ends += [i for i in op.inputs if graph.is_float(i) and graph.constant(i) is None]
    return frozenset(unclipped)


def _between_typical_and_extreme(decided: TensorRanges) -> TensorRanges:
    ranges = observed_ranges(decided.statistics, decided.widening, whole=decided.never_clipped)
    return replace(decided, ranges=ranges)


RANGES = RangeStep(name="ranges", default="auto", apply=_between_typical_and_extreme)
"""How far they reach is a number, `TensorRanges.widening`, not a switch: off is 1, on is 0."""
