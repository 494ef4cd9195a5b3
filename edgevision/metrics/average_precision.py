"""Average precision: how well scores rank the images that have a label above those that do not."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


class Ranking:
    """One label's images sorted by score once, so that each bootstrap draw only counts."""

    def __init__(self, scores: NDArray[Any], positive: NDArray[np.bool_]) -> None:
        """Sort (images,) `scores`; `positive` is which of the images have the label."""
        order = np.argsort(-scores, kind="stable")
        ordered = scores[order]
        self._order = order
        self._positive = positive[order]
        # Equal scores are one threshold: precision is looked at behind the last of them.
        self._ends = np.append(np.flatnonzero(ordered[1:] != ordered[:-1]), len(ordered) - 1)

    def average_precision(self, weights: NDArray[np.int64]) -> float:
        """Sum over thresholds of precision times the recall gained; NaN without a positive.

        `weights` (images,): how often each image counts, 1 each for the set itself. Not
        interpolated, as scikit-learn's `average_precision_score`.
        """
        if not len(self._order):
            return float("nan")
        ordered = weights[self._order]
        seen = np.cumsum(ordered)[self._ends]
        hits = np.cumsum(ordered * self._positive)[self._ends]
        if not hits[-1]:
            return float("nan")
        precision = hits / np.maximum(seen, 1)
        return float((np.diff(hits, prepend=0) * precision).sum() / hits[-1])


def mean_average_precision(rankings: tuple[Ranking, ...], weights: NDArray[np.int64]) -> float:
    """Macro AP: the mean over labels that some image has; NaN when there are none."""
    found = [ranking.average_precision(weights) for ranking in rankings]
    known = [value for value in found if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")
