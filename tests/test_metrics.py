import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevision.metrics import (
    Rate,
    agreement,
    class_reports,
    confusion_matrix,
    macro_f1,
    mean_kl,
    sqnr_db,
    top_k_accuracy,
)
from edgevision.predictions import Predictions, as_probabilities


def test_top_k_counts_the_label_among_the_k_best() -> None:
    scores = np.array([[0.1, 0.7, 0.2], [0.5, 0.3, 0.2], [0.2, 0.3, 0.5]], np.float32)
    labels = np.array([1, 1, 0])
    assert top_k_accuracy(scores, labels, 1).hits == 1
    assert top_k_accuracy(scores, labels, 2).hits == 2
    assert top_k_accuracy(scores, labels, 3).hits == 3


def test_clipped_scores_do_not_win_by_ties() -> None:
    scores = np.array([[1.0, 1.0, 1.0]], np.float32)
    assert top_k_accuracy(scores, np.array([0])).hits == 1
    assert top_k_accuracy(scores, np.array([2])).hits == 0
    assert top_k_accuracy(scores, np.array([2]), 2).hits == 0


@given(st.integers(1, 2000), st.data())
def test_wilson_interval_holds_the_share_and_stays_in_range(
    count: int, data: st.DataObject
) -> None:
    rate = Rate(hits=data.draw(st.integers(0, count)), count=count)
    low, high = rate.interval
    assert 0 <= low <= rate.value <= high <= 1


def test_wilson_interval_of_a_worked_example() -> None:
    low, high = Rate(hits=81, count=263).interval
    # Newcombe 1998, Statistics in Medicine 17, table I, method 3
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)


def test_agreement_ignores_the_scores_themselves() -> None:
    ours = np.array([[0.6, 0.4], [0.9, 0.1]], np.float32)
    reference = np.array([[0.9, 0.1], [0.2, 0.8]], np.float32)
    assert agreement(ours, reference).value == 0.5


def test_kl_is_zero_for_equals_and_finite_for_exact_zeros() -> None:
    p = np.array([[0.5, 0.5, 0.0]], np.float32)
    assert mean_kl(p, p) == pytest.approx(0, abs=1e-7)
    third = np.full((1, 3), 1 / 3, np.float32)
    assert mean_kl(np.nextafter(third, np.float32(1)), third) == 0  # and not -0.0000
    assert mean_kl(np.array([[1.0, 0.0, 0.0]], np.float32), p) == pytest.approx(
        0.5 * math.log(0.5) + 0.5 * (math.log(0.5) - math.log(1e-6)), rel=1e-5
    )


def test_confusion_and_f1_of_a_worked_example() -> None:
    confusion = confusion_matrix(np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1]), 3)
    assert confusion.tolist() == [[2, 1, 0], [0, 1, 0], [0, 0, 0]]
    first, second, absent = class_reports(confusion)
    assert (first.precision, first.recall, first.f1) == (1, 2 / 3, 0.8)
    assert second.f1 == pytest.approx(2 / 3)
    assert math.isnan(absent.f1)
    assert macro_f1((first, second, absent)) == pytest.approx((0.8 + 2 / 3) / 2)


def test_sqnr_of_a_tenth_of_noise_is_20_db() -> None:
    x = np.array([1.0, -2.0, 3.0], np.float32)
    assert sqnr_db(x, x * np.float32(1.1)) == pytest.approx(20, abs=1e-4)
    assert sqnr_db(x, x) == math.inf


def test_logits_go_through_softmax_and_probabilities_do_not() -> None:
    logits = np.array([[0.0, math.log(3.0)]], np.float32)
    assert as_probabilities(logits) == pytest.approx(np.array([[0.25, 0.75]]))
    int8_softmax = np.array([[0.2539, 0.7500]], np.float32)
    assert as_probabilities(int8_softmax).sum() == pytest.approx(1)
    assert as_probabilities(int8_softmax)[0, 0] == pytest.approx(0.2529, abs=1e-4)


def test_predictions_refuse_scores_that_do_not_fit_the_images() -> None:
    with pytest.raises(ValueError, match="fit"):
        Predictions(ids=("a",), scores=np.zeros((2, 3), np.float32), labels=None)
