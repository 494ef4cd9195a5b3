import pytest

from edgevision.camera.loop.stats import BUCKETS_S, LoopStats, Rates
from tests.camera.conftest import make_result


def aged(age_ms: float) -> object:
    return make_result(captured_ns=0, finished_ns=round(age_ms * 1e6))


def test_percentiles_and_histogram_agree_with_the_ages() -> None:
    stats = LoopStats(clock=lambda: 1.0)
    for age_ms in range(1, 101):
        stats.add(aged(age_ms))  # type: ignore[arg-type]
    figures = stats.figures()
    assert figures.results == 100
    assert figures.age_p50_ms == pytest.approx(51)
    assert figures.age_p95_ms == pytest.approx(96)
    counts = dict(zip(BUCKETS_S, figures.age_buckets, strict=True))
    assert (counts[0.01], counts[0.05], counts[0.1], counts[5.0]) == (10, 50, 100, 100)
    assert figures.age_sum_s == pytest.approx(5.05)


def test_rate_looks_back_five_seconds() -> None:
    now = [0.0]
    stats = LoopStats(clock=lambda: now[0])
    for tick in range(300):
        now[0] = tick / 30
        stats.add(make_result())
    assert stats.figures().fps == pytest.approx(30, abs=0.5)
    now[0] += 60
    assert stats.figures().fps == 0


def test_rate_is_right_beyond_what_is_remembered() -> None:
    now = [0.0]
    stats = LoopStats(clock=lambda: now[0])
    for tick in range(9000):
        now[0] = tick / 1000
        stats.add(make_result())
    assert stats.figures().fps == pytest.approx(1000, rel=0.02)


def test_first_and_last_result_are_timed() -> None:
    now = [10.0]
    stats = LoopStats(clock=lambda: now[0])
    assert stats.figures().last_result_age_s is None
    now[0] = 10.8
    stats.add(make_result())
    now[0] = 12.0
    figures = stats.figures()
    assert figures.first_result_s == pytest.approx(0.8)
    assert figures.last_result_age_s == pytest.approx(1.2)


def test_memory_stays_flat() -> None:
    stats = LoopStats(clock=lambda: 0.0)
    for _ in range(10_000):
        stats.add(make_result())
    assert len(stats._recent) <= 512
    assert len(stats._moments) <= 2048


def test_rates_forget_what_was_long_ago() -> None:
    rates = Rates()
    for second in range(20):
        rates.sample(second, 30 * second, min(second, 10))
    assert rates.per_second(0) == pytest.approx(30)
    assert rates.per_second(1) == 0
    assert len(rates._samples) < 10
