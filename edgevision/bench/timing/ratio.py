"""Is one model really slower than another? A ratio with an interval, and a verdict or none."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from edgevision.bench.timing.latency import Latency

Verdict = Literal["faster", "slower", "undecided"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """Latency of `name` divided by that of `base`, medians of interleaved rounds."""

    base: str
    name: str
    ratio: float
    """Below 1: `name` is the faster one."""
    low: float | None
    """Lower end of the interval; None when there were too few rounds for one."""
    high: float | None
    confidence: float
    """How often such an interval holds the true ratio, 0.95 for 95 %."""
    rounds: int

    @property
    def verdict(self) -> Verdict:
        """What may be said: nothing, unless the interval excludes 1."""
        if self.low is None or self.high is None or self.low <= 1 <= self.high:
            return "undecided"
        return "faster" if self.high < 1 else "slower"


def ratio_of(base: Latency, other: Latency, *, confidence: float = 0.95) -> Ratio:
    """`other` relative to `base`, both from one call of `time_cases`.

    Each round gives one ratio of medians. Rounds are the unit of evidence: runs within a round
    share the memory layout and the weather, so an interval drawn from single runs is far too
    narrow. If the two are equal, the shuffled order makes each round's log ratio symmetric about
    0, and Wilcoxon's signed-rank interval keeps its promise exactly, also for ten rounds and with
    wild outliers, where a bootstrap of ten values is too narrow.

    Raises:
        ValueError: the two were not measured in the same number of rounds.
    """
    logs = np.log(other.round_medians_ns) - np.log(base.round_medians_ns)
    middle, low, high = signed_rank_interval([float(value) for value in logs], confidence)
    return Ratio(
        base=base.name,
        name=other.name,
        ratio=math.exp(middle),
        low=None if low is None else math.exp(low),
        high=None if high is None else math.exp(high),
        confidence=confidence,
        rounds=len(logs),
    )


def ratio_apart(base: Latency, other: Latency, *, confidence: float = 0.95) -> Ratio:
    """`other` relative to `base`, measured at different times.

    The interval (rank-sum, from the rounds of each) knows the noise within each measurement. What
    changed on the machine between the two it cannot know.
    """
    before, after = np.log(base.round_medians_ns), np.log(other.round_medians_ns)
    differences = sorted(float(one) for one in np.subtract.outer(after, before).ravel())
    cut = _rank_sum_cut(len(before), len(after), (1 - confidence) / 2)
    return Ratio(
        base=base.name,
        name=other.name,
        ratio=math.exp(float(np.median(differences))),
        low=math.exp(differences[cut - 1]) if cut else None,
        high=math.exp(differences[-cut]) if cut else None,
        confidence=confidence,
        rounds=min(len(before), len(after)),
    )


def signed_rank_interval(
    values: Sequence[float], confidence: float
) -> tuple[float, float | None, float | None]:
    """Centre of a symmetric distribution and its exact interval, `(centre, low, high)`.

    The centre is the median of all pairwise means (Hodges-Lehmann); the ends are those pairwise
    means that the signed-rank test would just not reject. Ends are None when `values` are too few
    for the confidence asked.

    Source: Hollander & Wolfe, Nonparametric Statistical Methods, sections 3.2 and 3.3.
    """
    count = len(values)
    means = sorted((values[i] + values[j]) / 2 for i in range(count) for j in range(i, count))
    centre = float(np.median(means))
    cut = _signed_rank_cut(count, (1 - confidence) / 2)
    if cut == 0:
        return centre, None, None
    return centre, means[cut - 1], means[-cut]


@lru_cache
def _signed_rank_cut(count: int, tail: float) -> int:
    """The largest k with P(W < k) <= tail for the signed-rank statistic W of `count` values."""
    ways = [1]
    for rank in range(1, count + 1):
        longer = [*ways, *([0] * rank)]
        for total, number in enumerate(ways):
            longer[total + rank] += number
        ways = longer
    allowed, below, cut = tail * 2**count, 0, 0
    for number in ways:
        below += number
        if below > allowed:
            break
        cut += 1
    return cut


@lru_cache
def _rank_sum_cut(ours: int, theirs: int, tail: float) -> int:
    """The largest k with P(U < k) <= tail for Mann and Whitney's U of two samples.

    Source: Hollander & Wolfe, Nonparametric Statistical Methods, section 4.3.
    """
    counts = _arrangements(ours, theirs)
    allowed, below, cut = tail * math.comb(ours + theirs, ours), 0, 0
    for number in counts:
        below += number
        if below > allowed:
            break
        cut += 1
    return cut


@lru_cache
def _arrangements(ours: int, theirs: int) -> tuple[int, ...]:
    """Orders of two samples in which U is 0, 1, 2, ..."""
    if not ours or not theirs:
        return (1,)
    # The largest of all is one of theirs, or one of ours, which then beats all of theirs.
    one, other = _arrangements(ours, theirs - 1), _arrangements(ours - 1, theirs)
    found = [0] * (ours * theirs + 1)
    for u, number in enumerate(one):
        found[u] += number
    for u, number in enumerate(other):
        found[u + theirs] += number
    return tuple(found)
