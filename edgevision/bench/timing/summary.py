"""Order statistics of run times; never a mean alone."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_NS_PER_MS = 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Run times of one model in its steady state, in milliseconds."""

    runs: int
    min_ms: float
    p5_ms: float
    p50_ms: float
    p90_ms: float | None
    """None where a phone's tool reports 5, 50 and 95 only."""
    p95_ms: float
    p99_ms: float | None
    max_ms: float
    mean_ms: float
    std_ms: float

    @property
    def spread(self) -> float:
        """Width of the middle 90 % of the runs as a fraction of the median."""
        return (self.p95_ms - self.p5_ms) / self.p50_ms


def summarize(times_ns: NDArray[np.int64]) -> Summary:
    """Statistics of run times in nanoseconds; percentiles interpolate linearly.

    Raises:
        ValueError: there are no runs.
    """
    if times_ns.size == 0:
        message = "no runs to summarize"
        raise ValueError(message)
    times_ms = times_ns / _NS_PER_MS
    p5, p50, p90, p95, p99 = (float(p) for p in np.percentile(times_ms, [5, 50, 90, 95, 99]))
    return Summary(
        runs=int(times_ms.size),
        min_ms=float(times_ms.min()),
        p5_ms=p5,
        p50_ms=p50,
        p90_ms=p90,
        p95_ms=p95,
        p99_ms=p99,
        max_ms=float(times_ms.max()),
        mean_ms=float(times_ms.mean()),
        std_ms=float(times_ms.std(ddof=1)) if times_ms.size > 1 else 0.0,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """Statistics from a tool that keeps its samples to itself, in nanoseconds."""

    runs: int
    min_ns: int
    p5_ns: int
    median_ns: int
    p95_ns: int
    max_ns: int
    mean_ns: int
    std_ns: int


def summarize_reports(reports: Sequence[Reported]) -> Summary:
    """Medians over the rounds of what each reported; the extremes of all."""

    def typical_ms(name: str) -> float:
        return float(np.median([getattr(one, name) for one in reports])) / 1e6

    return Summary(
        runs=sum(one.runs for one in reports),
        min_ms=min(one.min_ns for one in reports) / 1e6,
        p5_ms=typical_ms("p5_ns"),
        p50_ms=typical_ms("median_ns"),
        p90_ms=None,
        p95_ms=typical_ms("p95_ns"),
        p99_ms=None,
        max_ms=max(one.max_ns for one in reports) / 1e6,
        mean_ms=typical_ms("mean_ns"),
        std_ms=typical_ms("std_ns"),
    )
