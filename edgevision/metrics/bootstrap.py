"""Intervals by drawing the images again: for every figure that is no plain share."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgevision.metrics.estimate import Estimate

RESAMPLES = 1000
"""The ends of a 95 % interval then rest on 25 draws each, within 1-2 % of its width."""

Rows = NDArray[np.int64]
"""(images,) row numbers, drawn with replacement."""


def bootstrap(
    statistic: Callable[[Rows], float], count: int, *, resamples: int = RESAMPLES, seed: int = 0
) -> Estimate:
    """`statistic` of all `count` images, with its 95 % percentile interval.

    Args:
        statistic: the figure of the images with these row numbers; a paired figure indexes both
            models' values by the same rows.
        count: images measured; with none the value is NaN and the interval 0 to 1.
        resamples: sets of images drawn.
        seed: fixed, so that the same answers always give the same interval.

    Source: Efron and Tibshirani 1993, "An Introduction to the Bootstrap", chapter 13.
    """
    if not count:
        return Estimate(value=float("nan"), low=0.0, high=1.0, count=0)
    generator = np.random.default_rng(seed)
    drawn = [statistic(generator.integers(0, count, count)) for _ in range(resamples)]
    low, high = _ends(np.asarray(drawn, np.float64))
    value = statistic(np.arange(count))
    return Estimate(value=float(value), low=low, high=high, count=count)


def _ends(drawn: NDArray[np.float64]) -> tuple[float, float]:
    # A draw may hold nothing to measure: no image at all that has a rare label.
    drawn = drawn[~np.isnan(drawn)]
    if not len(drawn):
        return float("nan"), float("nan")
    # Between a number and infinity there is nothing to interpolate.
    if np.isfinite(drawn).all():
        low, high = np.quantile(drawn, [0.025, 0.975])
    else:
        low, high = np.quantile(drawn, [0.025, 0.975], method="inverted_cdf")
    return float(low), float(high)


def bootstrap_mean(values: NDArray[Any], *, resamples: int = RESAMPLES, seed: int = 0) -> Estimate:
    """Mean of `values`, one an image, with its interval."""
    wide = np.asarray(values, np.float64)
    return bootstrap(
        lambda rows: float(wide[rows].mean()), len(wide), resamples=resamples, seed=seed
    )


def bootstrap_ratio(
    above: NDArray[Any], below: NDArray[Any], *, resamples: int = RESAMPLES, seed: int = 0
) -> Estimate:
    """Sum of `above` over sum of `below`, both (images,) and not negative, with its interval.

    0 / 0 is 0: no noise at all, even of no signal.
    """
    top, bottom = np.asarray(above, np.float64), np.asarray(below, np.float64)

    def ratio(rows: Rows) -> float:
        over, under = float(top[rows].sum()), float(bottom[rows].sum())
        if under:
            return over / under
        return float("inf") if over else 0.0

    return bootstrap(ratio, len(top), resamples=resamples, seed=seed)
