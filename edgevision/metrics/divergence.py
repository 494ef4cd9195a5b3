"""Kullback-Leibler divergence of class probabilities, for exclusive and independent classes."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgevision.metrics.bootstrap import bootstrap_mean
from edgevision.metrics.estimate import Estimate
from edgevision.metrics.probability import log_softmax
from edgevision.tensors import FloatArray

PerImage = NDArray[np.float64]
"""(images,)"""

_FLOOR = 1e-6
"""Of our probabilities: an int8 softmax gives exact zeros, which would make KL infinite."""
_CHUNK = 1 << 20
"""Values widened to float64 at a time: ten thousand images of a thousand classes are 80 MB."""


def kl_divergences(ours: FloatArray, reference: FloatArray) -> PerImage:
    """KL(reference || ours) of each image over exclusive classes, in nats.

    Both are (images, classes) probabilities whose rows sum to 1 (`probability.sum_to_one`).
    """
    return _by_chunks(lambda q, p: _terms(p, q).sum(axis=1), ours, reference)


def bernoulli_divergences(ours: FloatArray, reference: FloatArray) -> PerImage:
    """KL(reference || ours) of each image over independent decisions, in nats.

    Both are (images, labels), each value a probability of its own; their divergences
    p ln(p/q) + (1-p) ln((1-p)/(1-q)) add up, because independent decisions' do.
    """
    return _by_chunks(
        lambda q, p: (_terms(p, q) + _terms(1 - p, 1 - q)).sum(axis=1), ours, reference
    )


def mean_kl(ours: FloatArray, reference: FloatArray) -> float:
    """Mean of `kl_divergences` over images, in nats."""
    return max(0.0, float(kl_divergences(ours, reference).mean()))


def mean_divergence(divergences: PerImage) -> Estimate:
    """Mean over images with its bootstrap interval, in nats."""
    found = bootstrap_mean(divergences)
    # Never negative, but for rounding and the floor.
    value, low, high = (max(0.0, end or 0.0) for end in (found.value, found.low, found.high))
    return replace(found, value=value, low=low, high=high)


def mean_root_kl(expected: NDArray[Any], actual: NDArray[Any]) -> float:
    """Mean over images of the root of KL(softmax(expected) || softmax(actual)); logits in.

    The root, because a few images diverge a hundred times more than the typical one: the plain
    mean over some 25 images would be about them alone, and choose by chance.
    """
    p, q = log_softmax(expected), log_softmax(actual)
    divergence = (np.exp(p) * (p - q)).sum(axis=-1)
    return float(np.sqrt(np.maximum(divergence, 0)).mean())


def mean_root_bernoulli_kl(expected: NDArray[Any], actual: NDArray[Any]) -> float:
    """As `mean_root_kl` for independent sigmoids: logits in, divergences summed over labels."""
    a, b = np.asarray(expected, np.float64), np.asarray(actual, np.float64)
    # ln sigmoid(x) = -ln(1 + exp(-x)), without overflow.
    yes = np.exp(-np.logaddexp(0, -a))
    divergence = yes * (np.logaddexp(0, -b) - np.logaddexp(0, -a))
    divergence += (1 - yes) * (np.logaddexp(0, b) - np.logaddexp(0, a))
    return float(np.sqrt(np.maximum(divergence.sum(axis=-1), 0)).mean())


def _terms(p: NDArray[np.float64], q: NDArray[np.float64]) -> NDArray[np.float64]:
    logs = np.log(np.maximum(p, 1e-12)) - np.log(np.maximum(q, _FLOOR))
    terms: NDArray[np.float64] = np.where(p > 0, p * logs, 0.0)
    return terms


def _by_chunks(
    function: Callable[[NDArray[np.float64], NDArray[np.float64]], PerImage],
    ours: FloatArray,
    reference: FloatArray,
) -> PerImage:
    found = np.empty(len(reference))
    step = max(1, _CHUNK // max(1, reference.shape[1]))
    for first in range(0, len(reference), step):
        rows = slice(first, first + step)
        found[rows] = function(ours[rows].astype(np.float64), reference[rows].astype(np.float64))
    return found
