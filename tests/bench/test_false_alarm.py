"""What a verdict promises, on a machine that is anything but quiet and yet the same each time.

`benchmarks/false_alarm.py` asks the same of the machine that it runs on.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from itertools import starmap

import numpy as np

from edgevision.bench.timing.case import Case
from edgevision.bench.timing.latency import Latency, time_cases
from edgevision.bench.timing.plan import TimingPlan
from edgevision.bench.timing.ratio import ratio_apart, ratio_of
from tests.bench.busy_machine import BusyMachine

COMPARISONS = 50
MOST_ALARMS = 7
"""At 95 % confidence 2.5 of 50 are expected, and 8 or more happen once in 200 times."""

Pair = tuple[Latency, Latency]


@cache
def side_by_side(first_ms: float, second_ms: float) -> tuple[Pair, ...]:
    """Two models measured as `edgevision bench` does by default, fifty times over."""
    cases = [Case(name=name, model=b"") for name in ("first", "second")]
    found = []
    for seed in range(COMPARISONS):
        machine = BusyMachine({"first": first_ms, "second": second_ms}, seed=seed)
        plan = replace(TimingPlan(), seed=seed)
        first, second = time_cases(cases, plan, open_case=machine.open, clock_ns=machine.clock)
        found.append((first, second))
    return tuple(found)


def one_after_the_other() -> tuple[Pair, ...]:
    """A model measured, and then once more, fifty times over."""
    case = Case(name="same", model=b"")
    found = []
    for seed in range(COMPARISONS):
        machine = BusyMachine({"same": 1.0}, seed=seed)
        (first,) = time_cases([case], TimingPlan(), open_case=machine.open, clock_ns=machine.clock)
        (second,) = time_cases([case], TimingPlan(), open_case=machine.open, clock_ns=machine.clock)
        found.append((first, second))
    return tuple(found)


def called_different(pairs: Sequence[Pair], judge: Callable[[Latency, Latency], bool]) -> int:
    return sum(starmap(judge, pairs))


def test_the_same_model_under_two_names_is_seldom_called_different() -> None:
    def verdict(first: Latency, second: Latency) -> bool:
        return ratio_of(first, second).verdict != "undecided"

    assert called_different(side_by_side(1.0, 1.0), verdict) <= MOST_ALARMS


def test_a_model_slower_by_five_percent_is_found() -> None:
    ratios = [ratio_of(*pair) for pair in side_by_side(1.0, 1.05)]
    verdicts = [one.verdict for one in ratios]
    assert verdicts.count("slower") >= 0.9 * COMPARISONS
    assert "faster" not in verdicts
    held = [(one.low or 0) <= 1.05 <= (one.high or 0) for one in ratios]
    assert held.count(False) <= MOST_ALARMS


def test_means_would_raise_false_alarms_on_the_same_times() -> None:
    def means_differ(first: Latency, second: Latency) -> bool:
        return abs(first.summary.mean_ms / second.summary.mean_ms - 1) > 0.01

    assert called_different(side_by_side(1.0, 1.0), means_differ) > 2 * MOST_ALARMS


def test_an_interval_over_single_runs_would_raise_false_alarms_on_the_same_times() -> None:
    # Runs of one open model share its place in memory: a thousand are no thousand witnesses.
    def runs_differ(first: Latency, second: Latency) -> bool:
        gap = np.mean(first.steady_ns) - np.mean(second.steady_ns)
        variance = sum(np.var(one.steady_ns) / one.steady_ns.size for one in (first, second))
        return bool(abs(gap) > 1.96 * np.sqrt(variance))

    assert called_different(side_by_side(1.0, 1.0), runs_differ) > 2 * MOST_ALARMS


def test_models_that_do_not_take_turns_would_raise_false_alarms() -> None:
    # What `compare` cannot know, and says: the machine changed between the two measurements.
    def apart_differ(first: Latency, second: Latency) -> bool:
        return ratio_apart(first, second).verdict != "undecided"

    assert called_different(one_after_the_other(), apart_differ) > 2 * MOST_ALARMS
