"""How much each removable unit matters, by its weights or by what the loss says about them."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from edgevision.compress.graph.channel_graph import ChannelGraph
from edgevision.compress.graph.channels import Slot
from edgevision.compress.plan import Importance

Scores: TypeAlias = NDArray[np.float64]
"""(numbers,) by standing number; only the entries of removable units mean anything."""

Gradients: TypeAlias = list[Mapping[int, NDArray[Any]]]
"""Per batch, the loss gradient of each weight by `id` of its variable."""


def weight_scores(graph: ChannelGraph, importance: Importance, *, seed: int = 0) -> Scores:
    """Score units by their weights alone; "taylor" needs `taylor_scores` instead.

    A unit's score in each of its layers is divided by that layer's mean, so that layers of other
    scale count alike, and the mean over its layers is taken (as DepGraph's group norms are).
    """
    if importance == "random":
        return np.random.default_rng(seed).random(len(graph.roots))
    if importance == "bn":
        # A channel without a BatchNormalization of its own falls back on its kernels.
        by_kernels = _mean_over_layers(graph, _is_kernel, _l2)
        by_scale = _mean_over_layers(graph, _is_bn_scale, _l1)
        return np.where(np.isnan(by_scale), by_kernels, by_scale)
    return _mean_over_layers(graph, _is_kernel, _l1 if importance == "l1" else _l2)


def taylor_scores(graph: ChannelGraph, gradients: Gradients) -> Scores:
    """Expected size of the change in loss when a unit is zeroed, to first order.

    For each batch, weight times gradient is summed over everything that makes the unit; the
    score is the mean over batches of its absolute value.

    Source: Molchanov et al., CVPR 2019, equation 8, https://arxiv.org/abs/1906.10771
    """
    total = np.zeros(len(graph.roots))
    for batch in gradients:
        change = np.zeros(len(graph.roots))
        for slot in graph.slots:
            variable = slot.operation.weights[slot.weight]
            gradient = batch.get(id(variable))
            if slot.role == "out" and gradient is not None:
                product = np.asarray(variable, np.float64) * gradient
                np.add.at(change, graph.roots[slot.ids], _summed_to(slot.axis, product))
        total += np.abs(change)
    return total / max(1, len(gradients))


def _mean_over_layers(
    graph: ChannelGraph,
    wanted: Callable[[Slot], bool],
    norm: Callable[[NDArray[Any], int], NDArray[np.float64]],
) -> Scores:
    """NaN for channels that stand in no wanted slot."""
    total = np.zeros(len(graph.roots))
    count = np.zeros(len(graph.roots))
    for slot in graph.slots:
        if slot.role != "out" or not wanted(slot):
            continue
        sizes = norm(np.asarray(slot.operation.weights[slot.weight], np.float64), slot.axis)
        roots = graph.roots[slot.ids]
        np.add.at(total, roots, sizes / max(float(sizes.mean()), 1e-30))
        np.add.at(count, roots, 1)
    with np.errstate(invalid="ignore"):
        scores: Scores = total / count
    return scores


def _is_kernel(slot: Slot) -> bool:
    return "kernel" in str(slot.operation.weights[slot.weight].name)


def _is_bn_scale(slot: Slot) -> bool:
    is_normalization = type(slot.operation).__name__ == "BatchNormalization"
    return is_normalization and str(slot.operation.weights[slot.weight].name) == "gamma"


def _l1(weight: NDArray[Any], axis: int) -> NDArray[np.float64]:
    return _summed_to(axis, np.abs(weight))


def _l2(weight: NDArray[Any], axis: int) -> NDArray[np.float64]:
    root: NDArray[np.float64] = np.sqrt(_summed_to(axis, weight**2))
    return root


def _summed_to(axis: int, values: NDArray[Any]) -> NDArray[np.float64]:
    others = tuple(a for a in range(values.ndim) if a != axis)
    total: NDArray[np.float64] = values.sum(axis=others, dtype=np.float64)
    return total
