import numpy as np
import pytest
from scipy.stats import binomtest

from edgevision.metrics.mcnemar import images_to_see, mcnemar


def test_mcnemar_is_the_binomial_test_at_one_half() -> None:
    assert mcnemar(0, 0) == 1.0
    assert mcnemar(5, 5) == 1.0
    # Both tails of 0 or 1 heads in 10 throws: 2 times 11 of 1024.
    assert mcnemar(9, 1) == pytest.approx(22 / 1024)
    assert mcnemar(1, 9) == mcnemar(9, 1)
    assert mcnemar(130, 90) == pytest.approx(binomtest(130, 220).pvalue)


def test_images_needed_to_see_a_point() -> None:
    # (1.96 sqrt(d) + 0.84 sqrt(d - 0.0001))^2 / 0.0001 at d = 0.05.
    assert images_to_see(0.05) == pytest.approx(3922, abs=5)
    assert images_to_see(0.0) is None


def test_that_many_images_do_show_it_four_times_in_five() -> None:
    count = images_to_see(0.06)
    assert count is not None
    chance = np.random.default_rng(3)
    # 3.5 % lost, 2.5 % won: one point of drop among 6 % that differ.
    draws = chance.multinomial(count, [0.035, 0.025, 0.94], size=400)
    seen = np.mean([mcnemar(int(lost), int(won)) < 0.05 for lost, won, _ in draws])
    assert 0.7 <= seen <= 0.9
