"""The promise of the interval, kept on this very machine, with whatever else runs on it."""

from dataclasses import replace

import pytest

from edgevision.bench.latency import time_models
from edgevision.bench.plan import Plan
from edgevision.bench.ratio import Verdict, ratio_of
from tests.bench.networks import hard_swish_network

PLAN = Plan(rounds=10, seconds=0.3, least_runs=50, warmup_seconds=0.01)
COMPARISONS = 50
MOST_ALARMS = 7
"""At 95 % confidence 2.5 of 50 are expected, and 8 or more happen once in 200 times."""


def verdict(first: bytes, second: bytes, seed: int) -> Verdict:
    found = time_models({"first": first, "second": second}, plan=replace(PLAN, seed=seed))
    return ratio_of(found["first"], found["second"]).verdict


@pytest.mark.slow
def test_the_same_model_under_two_names_is_seldom_called_different() -> None:
    model = hard_swish_network(blocks=2)
    verdicts = [verdict(model, model, seed) for seed in range(COMPARISONS)]
    alarms = [found for found in verdicts if found != "undecided"]
    assert len(alarms) <= MOST_ALARMS


@pytest.mark.slow
def test_a_model_slower_by_five_percent_is_found() -> None:
    # Two small convolutions more, which take 5 % of the time.
    fast, slow = (hard_swish_network(3, side=24, extra=extra) for extra in (0, 2))
    found = time_models({"fast": fast, "slow": slow}, plan=Plan(rounds=10, seconds=1))
    ratio = ratio_of(found["fast"], found["slow"])
    assert ratio.verdict == "slower", ratio
    assert 1.02 < ratio.ratio < 1.10
