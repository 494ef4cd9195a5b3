"""Is one model really slower than another? A ratio with an interval, and a verdict or none."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from edgevision.bench.timing.latency import Latency
from edgevision.bench.timing.rank_intervals import (
    Interval,
    rank_sum_interval,
    signed_rank_interval,
)

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
    interval = signed_rank_interval([float(value) for value in logs], confidence)
    return _ratio(base, other, interval, confidence=confidence, rounds=len(logs))


def ratio_apart(base: Latency, other: Latency, *, confidence: float = 0.95) -> Ratio:
    """`other` relative to `base`, measured at different times.

    The interval (rank-sum, from the rounds of each) knows the noise within each measurement. What
    changed on the machine between the two it cannot know.
    """
    before, after = np.log(base.round_medians_ns), np.log(other.round_medians_ns)
    interval = rank_sum_interval(
        [float(one) for one in before], [float(one) for one in after], confidence
    )
    rounds = min(len(before), len(after))
    return _ratio(base, other, interval, confidence=confidence, rounds=rounds)


def _ratio(
    base: Latency, other: Latency, interval: Interval, *, confidence: float, rounds: int
) -> Ratio:
    """The ratio from an interval of its logarithm."""
    return Ratio(
        base=base.name,
        name=other.name,
        ratio=math.exp(interval.centre),
        low=None if interval.low is None else math.exp(interval.low),
        high=None if interval.high is None else math.exp(interval.high),
        confidence=confidence,
        rounds=rounds,
    )
