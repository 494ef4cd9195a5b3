import math

import numpy as np
import pytest

from edgevision.metrics.bootstrap import bootstrap, bootstrap_mean, bootstrap_ratio
from edgevision.metrics.estimate import Estimate


def test_the_interval_of_a_mean_is_that_of_the_normal_approximation() -> None:
    values = np.random.default_rng(0).normal(3, 2, 2000)
    found = bootstrap_mean(values)
    half = 1.96 * values.std() / math.sqrt(2000)
    assert found.value == pytest.approx(values.mean())
    assert found.low == pytest.approx(values.mean() - half, abs=0.15 * half)
    assert found.high == pytest.approx(values.mean() + half, abs=0.15 * half)
    assert found.count == 2000


def test_the_interval_holds_the_truth_nineteen_times_in_twenty() -> None:
    chance = np.random.default_rng(1)
    held = []
    for _ in range(200):
        found = bootstrap_mean(chance.exponential(2, 80), resamples=200)
        assert found.low is not None
        assert found.high is not None
        held.append(found.low <= 2 <= found.high)
    assert 0.88 <= np.mean(held) <= 0.99


def test_the_same_answers_give_the_same_interval() -> None:
    values = np.arange(50.0)
    assert bootstrap_mean(values) == bootstrap_mean(values)
    assert bootstrap_mean(values, seed=1) != bootstrap_mean(values)


def test_equal_values_have_no_width_and_no_images_no_value() -> None:
    same = bootstrap_mean(np.full(10, 0.5))
    assert (same.value, same.low, same.high) == (0.5, 0.5, 0.5)
    none = bootstrap(lambda rows: float(len(rows)), 0)
    assert math.isnan(none.value)
    assert (none.low, none.high, none.count) == (0, 1, 0)


def test_a_ratio_is_of_sums_and_nothing_of_nothing_is_none() -> None:
    assert bootstrap_ratio(np.array([1, 0]), np.array([1, 3])).value == 0.25
    assert bootstrap_ratio(np.zeros(3), np.zeros(3)).value == 0
    assert bootstrap_ratio(np.ones(3), np.zeros(3)).value == math.inf


def test_an_interval_with_one_end_is_refused() -> None:
    with pytest.raises(ValueError, match="two ends"):
        Estimate(value=1.0, low=0.5)
