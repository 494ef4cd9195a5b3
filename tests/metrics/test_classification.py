import math

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix as sklearn_confusion
from sklearn.metrics import f1_score, precision_recall_fscore_support, top_k_accuracy_score

from edgevision.metrics.classification import (
    agreement,
    class_reports,
    confusion_matrix,
    macro_f1,
    macro_f1_estimate,
    top_k_accuracy,
)


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


def test_agreement_ignores_the_scores_themselves() -> None:
    ours = np.array([[0.6, 0.4], [0.9, 0.1]], np.float32)
    reference = np.array([[0.9, 0.1], [0.2, 0.8]], np.float32)
    assert agreement(ours, reference).value == 0.5


def test_confusion_and_f1_of_a_worked_example() -> None:
    confusion = confusion_matrix(np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1]), 3)
    assert confusion.tolist() == [[2, 1, 0], [0, 1, 0], [0, 0, 0]]
    first, second, absent = class_reports(confusion)
    assert (first.precision, first.recall, first.f1) == (1, 2 / 3, 0.8)
    assert second.f1 == pytest.approx(2 / 3)
    assert math.isnan(absent.f1)
    assert macro_f1((first, second, absent)) == pytest.approx((0.8 + 2 / 3) / 2)


def test_figures_are_those_of_scikit_learn() -> None:
    chance = np.random.default_rng(0)
    labels = chance.integers(0, 7, 300)
    scores = chance.normal(size=(300, 7)).astype(np.float32)
    scores[np.arange(300), labels] += 1.5
    answers = scores.argmax(axis=1)
    assert top_k_accuracy(scores, labels, 3).value == pytest.approx(
        top_k_accuracy_score(labels, scores, k=3, labels=np.arange(7))
    )
    confusion = confusion_matrix(labels, answers, 7)
    assert (confusion == sklearn_confusion(labels, answers)).all()
    reports = class_reports(confusion)
    precision, recall, f1, support = precision_recall_fscore_support(labels, answers)
    assert [one.precision for one in reports] == pytest.approx(precision)
    assert [one.recall for one in reports] == pytest.approx(recall)
    assert [one.f1 for one in reports] == pytest.approx(f1)
    assert [one.images for one in reports] == support.tolist()
    found = macro_f1_estimate(labels, answers, 7)
    assert found.value == pytest.approx(f1_score(labels, answers, average="macro"))
    assert found.value == pytest.approx(macro_f1(reports))
    assert found.low is not None
    assert found.high is not None
    assert found.low < found.value < found.high
