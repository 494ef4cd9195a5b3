"""Importance of channels: weight magnitude, BatchNormalization scale or Taylor expansion."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from edgevision.compress.graph.channel_graph import ChannelGraph
from edgevision.compress.graph.channels import WeightAxis
from edgevision.compress.plan import Importance

Scores: TypeAlias = NDArray[np.float64]
"""(channels,) by representative; only the entries of removable units mean anything."""

Gradients: TypeAlias = list[Mapping[int, NDArray[Any]]]
"""Per batch, the loss gradient of each weight by `id` of its variable."""


def weight_scores(graph: ChannelGraph, importance: Importance, *, seed: int = 0) -> Scores:
    """Magnitude importance: units scored by their weights alone; "taylor" has `taylor_scores`.

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
    """First-order Taylor importance: the expected size of the change in loss when a unit is zeroed.

    For each batch, weight times gradient is summed over everything that makes the unit; the
    score is the mean over batches of its absolute value.

    Source: Molchanov et al., CVPR 2019, equation 8, https://arxiv.org/abs/1906.10771
    """
    total = np.zeros(len(graph.roots))
    for batch in gradients:
        change = np.zeros(len(graph.roots))
        for weight_axis in graph.weight_axes:
            variable = weight_axis.operation.weights[weight_axis.weight]
            gradient = batch.get(id(variable))
            if weight_axis.role == "out" and gradient is not None:
                product = np.asarray(variable, np.float64) * gradient
                np.add.at(
                    change, graph.roots[weight_axis.ids], _summed_to(weight_axis.axis, product)
                )
        total += np.abs(change)
    return total / max(1, len(gradients))


def _mean_over_layers(
    graph: ChannelGraph,
    wanted: Callable[[WeightAxis], bool],
    norm: Callable[[NDArray[Any], int], NDArray[np.float64]],
) -> Scores:
    """Mean over the coupled layers; NaN for channels that index no wanted weight."""
    total = np.zeros(len(graph.roots))
    count = np.zeros(len(graph.roots))
    for weight_axis in graph.weight_axes:
        if weight_axis.role != "out" or not wanted(weight_axis):
            continue
        sizes = norm(
            np.asarray(weight_axis.operation.weights[weight_axis.weight], np.float64),
            weight_axis.axis,
        )
        roots = graph.roots[weight_axis.ids]
        np.add.at(total, roots, sizes / max(float(sizes.mean()), 1e-30))
        np.add.at(count, roots, 1)
    with np.errstate(invalid="ignore"):
        scores: Scores = total / count
    return scores


def _is_kernel(weight_axis: WeightAxis) -> bool:
    return "kernel" in str(weight_axis.operation.weights[weight_axis.weight].name)


def _is_bn_scale(weight_axis: WeightAxis) -> bool:
    is_normalization = type(weight_axis.operation).__name__ == "BatchNormalization"
    return (
        is_normalization and str(weight_axis.operation.weights[weight_axis.weight].name) == "gamma"
    )


def _l1(weight: NDArray[Any], axis: int) -> NDArray[np.float64]:
    return _summed_to(axis, np.abs(weight))


def _l2(weight: NDArray[Any], axis: int) -> NDArray[np.float64]:
    root: NDArray[np.float64] = np.sqrt(_summed_to(axis, weight**2))
    return root


def _summed_to(axis: int, values: NDArray[Any]) -> NDArray[np.float64]:
    others = tuple(a for a in range(values.ndim) if a != axis)
    total: NDArray[np.float64] = values.sum(axis=others, dtype=np.float64)
    return total
