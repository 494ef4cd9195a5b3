"""What makes a measurement doubtful, as sentences."""

import numpy as np

from edgevision.bench.timing.latency import Latency

_SPREAD = 0.10
"""pyperf's limit for the deviation of its values."""
_EXTREME = 1.5
"""pyperf's limit for an extreme value: 50 % off."""
_DRIFT = 1.05


def warnings_about(latency: Latency) -> tuple[str, ...]:
    """Reasons not to trust these figures to the last digit; empty for a quiet machine."""
    found = []
    summary = latency.summary
    above = (summary.p90_ms or summary.p95_ms) / summary.p50_ms - 1
    if above > _SPREAD:
        share = "ten" if summary.p90_ms else "twenty"
        found.append(
            f"unstable: one run in {share} takes {above:.0%} longer than the median or worse"
        )
    if summary.p99_ms and summary.p99_ms > _EXTREME * summary.p50_ms:
        factor = summary.p99_ms / summary.p50_ms
        found.append(f"interrupted: one run in a hundred takes {factor:.1f} x the median or worse")
    medians = latency.round_medians_ns
    apart = float(medians.max() / medians.min()) - 1
    if apart > _SPREAD:
        found.append(f"rounds disagree: their medians lie up to {apart:.0%} apart")
    restless = sum(part.steady_from is None for part in latency.rounds)
    if restless:
        found.append(f"never steady in {restless} of {len(latency.rounds)} rounds")
    rise = _drift(latency)
    if rise > _DRIFT:
        found.append(
            f"slowing down: the last rounds took {rise - 1:.0%} longer than the first ones; "
            "see --minutes"
        )
    return tuple(found)


def _drift(latency: Latency) -> float:
    """Median of the last third of the rounds over that of the first, 1.0 when they overlap."""
    medians = latency.round_medians_ns
    third = len(medians) // 3
    if third < 2:
        return 1.0
    first, last = medians[:third], medians[-third:]
    # Every late round slower than every early one: chance does that once in 20 for 3 and 3.
    return float(np.median(last) / np.median(first)) if last.min() > first.max() else 1.0
