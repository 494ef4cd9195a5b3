import numpy as np
import pytest

from edgevision.metrics.probability import softmax, sum_to_one
from edgevision.tasks.classification.scores import comparable


def test_rounded_softmax_of_many_classes_is_not_taken_for_logits() -> None:
    # 1000 classes in steps of 1/256: most round to 0 and the row sums to 0.75, not to 1.
    scores = np.zeros((1, 1000), np.float32)
    scores[0, 0], scores[0, 1:65] = 0.5, 1 / 256
    assert comparable(scores, None)[0, 0] == pytest.approx(0.5 / 0.75)


def test_row_of_zeros_becomes_even() -> None:
    assert sum_to_one(np.zeros((1, 4), np.float32))[0] == pytest.approx([0.25] * 4)


def test_logits_of_three_to_one_are_a_quarter_and_three() -> None:
    assert softmax(np.array([[0.0, np.log(3.0)]])) == pytest.approx(np.array([[0.25, 0.75]]))
