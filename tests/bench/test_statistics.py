import math
import warnings

import numpy as np
import pytest

from edgevision.bench.timing.latency import Latency, Round
from edgevision.bench.timing.rank_intervals import signed_rank_interval
from edgevision.bench.timing.ratio import ratio_apart, ratio_of
from edgevision.bench.timing.stability import warnings_about
from edgevision.bench.timing.summary import summarize
from edgevision.bench.timing.warmup import steady_from


def latency(name: str, rounds: list[list[int]]) -> Latency:
    return Latency(
        name=name,
        threads=1,
        runtime="fake",
        rounds=tuple(
            Round(init_ns=1, first_ns=1, warmup_ns=(), timed_ns=tuple(times)) for times in rounds
        ),
    )


def test_summary_is_numpys_percentiles_in_milliseconds() -> None:
    summary = summarize(np.arange(1, 101, dtype=np.int64) * 1_000_000)
    assert (summary.runs, summary.min_ms, summary.max_ms) == (100, 1.0, 100.0)
    assert summary.p50_ms == pytest.approx(50.5)
    assert summary.p90_ms == pytest.approx(90.1)
    assert summary.p99_ms == pytest.approx(99.01)
    assert summary.spread == pytest.approx((95.05 - 5.95) / 50.5)


def test_nothing_is_no_summary() -> None:
    with pytest.raises(ValueError, match="no runs"):
        summarize(np.array([], np.int64))


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ([2.0] * 40, 0),
        ([9.0] * 10 + [2.0] * 30, 10),
        ([2.0, 2.0, 50.0, *[2.0] * 37], 0),  # one interruption is no warm-up
        ([float(40 - i) for i in range(40)], None),  # still falling: no steady state shown
        ([5.0, 1.0], 0),  # too short to tell
    ],
)
def test_warm_up_ends_where_the_median_settles(times: list[float], expected: int | None) -> None:
    assert steady_from(times) == expected


def test_equal_models_are_called_different_no_more_often_than_stated() -> None:
    # Rounds as seen on a shared machine: heavy tails, in both models, in whichever order.
    chance = np.random.default_rng(1)
    wrong = 0
    trials = 2000
    for _ in range(trials):
        values = chance.standard_t(2, size=10) * 0.02
        found = signed_rank_interval([float(v) for v in values], 0.95)
        assert found.low is not None
        assert found.high is not None
        wrong += not found.low <= 0 <= found.high
    # Three standard deviations of a binomial around 5 %.
    assert wrong <= trials * 0.05 + 3 * math.sqrt(trials * 0.05 * 0.95)


def test_a_five_percent_difference_is_found_through_the_weather() -> None:
    chance = np.random.default_rng(2)
    # Each round has its own speed, shared by both models, up to 1.5 x.
    weather = chance.uniform(1.0, 1.5, 10)
    base = latency(
        "a", [[int(1e6 * w * chance.normal(1, 0.01)) for _ in range(50)] for w in weather]
    )
    slow = latency(
        "b", [[int(1.05e6 * w * chance.normal(1, 0.01)) for _ in range(50)] for w in weather]
    )
    ratio = ratio_of(base, slow)
    assert ratio.verdict == "slower"
    assert ratio.ratio == pytest.approx(1.05, abs=0.01)
    assert ratio_of(slow, base).verdict == "faster"


def test_no_verdict_when_the_interval_holds_one() -> None:
    base = latency("a", [[100] * 10] * 10)
    other = latency("b", [[101] * 10, [99] * 10] * 5)
    ratio = ratio_of(base, other)
    assert ratio.verdict == "undecided"
    assert ratio.low is not None
    assert ratio.high is not None
    assert ratio.low <= 1 <= ratio.high


def test_a_result_without_times_gives_no_verdict() -> None:
    base, empty = latency("a", [[100] * 10] * 10), latency("b", [[]] * 10)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # NumPy's: a median of nothing
        ratios = [ratio_of(base, empty), ratio_apart(base, empty)]
    assert [(math.isnan(ratio.ratio), ratio.verdict) for ratio in ratios] == [
        (True, "undecided"),
        (True, "undecided"),
    ]


def test_a_quiet_machine_gives_no_warning() -> None:
    assert warnings_about(latency("a", [[100, 101, 102, 103] * 10] * 10)) == ()


@pytest.mark.parametrize(
    ("rounds", "word"),
    [
        ([[100] * 80 + [130] * 20] * 6, "unstable"),
        ([[100] * 98 + [300] * 2] * 6, "interrupted"),
        ([[100] * 20] * 5 + [[125] * 20], "rounds disagree"),
        ([[200 - 2 * i for i in range(40)]] * 6, "never steady in 6 of 6"),
        ([[100] * 20] * 4 + [[108] * 20] * 4, "slowing down"),
    ],
)
def test_what_makes_a_measurement_doubtful_is_said(rounds: list[list[int]], word: str) -> None:
    assert any(word in warning for warning in warnings_about(latency("a", rounds)))
