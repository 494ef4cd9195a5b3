import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from edgevision.metrics.average_precision import Ranking, mean_average_precision


def once(count: int) -> np.ndarray:
    return np.ones(count, np.int64)


def test_a_worked_example() -> None:
    # Best first: hit, miss, hit: 1/2 recall at precision 1, 1/2 at 2/3.
    ranking = Ranking(np.array([0.2, 0.9, 0.5]), np.array([True, True, False]))
    assert ranking.average_precision(once(3)) == pytest.approx(0.5 + 0.5 * 2 / 3)


@given(st.integers(1, 60), st.integers(2, 6), st.integers(0, 10_000))
def test_it_is_that_of_scikit_learn_ties_too(images: int, levels: int, seed: int) -> None:
    chance = np.random.default_rng(seed)
    scores, positive = chance.integers(0, levels, images) / levels, chance.random(images) < 0.4
    positive[0] = True
    found = Ranking(scores, positive).average_precision(once(images))
    assert found == pytest.approx(average_precision_score(positive, scores))


@given(st.integers(2, 40), st.integers(0, 10_000))
def test_weights_count_an_image_as_often_as_it_was_drawn(images: int, seed: int) -> None:
    chance = np.random.default_rng(seed)
    scores, positive = chance.integers(0, 9, images) / 9, chance.random(images) < 0.5
    rows = chance.integers(0, images, images)
    positive[rows[0]] = True
    weighted = Ranking(scores, positive).average_precision(np.bincount(rows, minlength=images))
    drawn = Ranking(scores[rows], positive[rows]).average_precision(once(images))
    assert weighted == pytest.approx(drawn)


def test_labels_that_no_image_has_do_not_count() -> None:
    seen = Ranking(np.array([0.9, 0.1]), np.array([True, False]))
    absent = Ranking(np.array([0.9, 0.1]), np.array([False, False]))
    assert mean_average_precision((seen, absent), once(2)) == 1
    assert math.isnan(mean_average_precision((absent,), once(2)))
