"""From what was observed to the range each activation shall represent."""

from collections.abc import Collection

import numpy as np

from edgevision.quantize.graph import Graph
from edgevision.quantize.observe import Statistics
from edgevision.quantize.operators import RULES
from edgevision.quantize.plan import Range
from edgevision.recipe.recipe import RangeMethod


def observed_ranges(
    statistics: Statistics, method: RangeMethod, *, whole: Collection[int]
) -> dict[int, Range]:
    """Range of each observed tensor; those in `whole` are never clipped.

    mean-min-max is the default of NNCF, https://arxiv.org/abs/2002.08679 (its MEAN_MINMAX): one
    odd image widens it by a hundredth of what it widens the extremes.
    """
    return {
        t: (
            min_max(statistics, t)
            if method == "min-max" or t in whole
            else (
                float(np.mean(statistics.low[t], dtype=np.float64)),
                float(np.mean(statistics.high[t], dtype=np.float64)),
            )
        )
        for t in statistics.low
    }


def min_max(statistics: Statistics, tensor: int) -> Range:
    """Extremes over all images."""
    return float(statistics.low[tensor].min()), float(statistics.high[tensor].max())


def never_clipped(graph: Graph) -> frozenset[int]:
    """Tensors that decide the answer: inputs, outputs, and what softmax and movers make them of.

    Clipped logits tie at 127, and the first class of the tie wins.
    """
    producers = graph.producers()
    kept: set[int] = set(graph.inputs)
    open_ends = list(graph.outputs)
    while open_ends:
        t = open_ends.pop()
        if t in kept:
            continue
        kept.add(t)
        op = graph.operators[producers[t]] if t in producers else None
        rule = RULES.get(op.name) if op is not None else None
        if op is not None and rule is not None and rule.scaling in {"same", "fixed"}:
            open_ends += [i for i in op.inputs if graph.is_float(i) and graph.constant(i) is None]
    return frozenset(kept)
