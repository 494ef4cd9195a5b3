"""Where a series of run times becomes steady."""

from collections.abc import Sequence
from statistics import median

_WINDOW = 5
_WITHIN = 1.05
"""Steady is within 5 % of the later half: below, noise of a shared machine looks the same."""


def steady_from(times: Sequence[float]) -> int | None:
    """Index of the first steady run in `times` (any unit), or None when they never become so.

    Steady begins where the median of five runs first comes within 5 % of the median of the later
    half of the series, from above; medians, because one run interrupted by another process is not
    warm-up. None when that point lies in the later half itself: what was still falling there has
    not been shown to have stopped.
    """
    count = len(times)
    if count < 2 * _WINDOW:
        # Too short to tell two halves apart.
        return 0
    level = median(times[count // 2 :]) * _WITHIN
    for start in range(count // 2):
        if median(times[start : start + _WINDOW]) <= level:
            # The window may still begin with the last slow runs.
            return next(index for index in range(start, count) if times[index] <= level)
    return None
