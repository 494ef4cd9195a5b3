import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, f1_score

from edgevision.dataset.annotation import ClassLabels
from edgevision.errors import ImageSetError, ModelError, UsageError
from edgevision.evaluation.figure_text import metric_text
from edgevision.tasks.interface import Maker
from edgevision.tasks.multilabel.task import MultiLabel
from edgevision.tasks.spec import TaskSpec
from edgevision.tasks.task import answer_of
from tests.tasks.models import FRAME, answers, model


def tagger(count: int, maker: Maker = "sigmoid", **options: object) -> MultiLabel:
    names = tuple("abcdefgh"[:count])
    spec = TaskSpec(kind="multilabel", labels=names, options=options)
    return MultiLabel.build(spec, model((1, count), maker=maker))


def truth_of(decisions: np.ndarray) -> list[ClassLabels]:
    return [ClassLabels(frozenset(np.flatnonzero(row).tolist())) for row in decisions]


def test_labels_found_are_those_at_their_thresholds_best_first() -> None:
    outputs = (np.array([0.6, 0.9, 0.4], np.float32),)
    found = answer_of(tagger(3), outputs, FRAME)
    assert [item.label for item in found.items] == ["b", "a"]
    each = answer_of(tagger(3, threshold=[0.7, 0.95, 0.3]), outputs, FRAME)
    assert [item.label for item in each.items] == ["c"]
    logits = answer_of(tagger(3, "linear"), (np.array([0.0, -1.0, 2.0], np.float32),), FRAME)
    assert [item.label for item in logits.items] == ["c", "a"]
    assert [item.score for item in logits.items] == pytest.approx([0.8808, 0.5], abs=1e-4)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ModelError, match="exclude each other"):
        tagger(3, "softmax")
    with pytest.raises(UsageError, match="2 thresholds for 3 labels"):
        tagger(3, threshold=[0.5, 0.5])
    with pytest.raises(ModelError, match="2 labels for 3 scores"):
        MultiLabel.build(TaskSpec(kind="multilabel", labels=("a", "b")), model((1, 3)))
    task = tagger(2)
    scores = np.zeros((1, 2), np.float32)
    with pytest.raises(ImageSetError, match="has a label 2, the model has 2"):
        task.evaluate(answers(task, scores, truth=[ClassLabels(frozenset({2}))]))


def test_marks_are_those_of_scikit_learn() -> None:
    chance = np.random.default_rng(0)
    truth = chance.random((120, 5)) < 0.3
    scores = np.clip(chance.normal(0.3 + 0.4 * truth, 0.2), 0, 1).astype(np.float32)
    task = tagger(5)
    found = task.evaluate(answers(task, scores, truth=truth_of(truth)))
    figures = {metric.name: metric.estimate for metric in found.metrics}
    said = scores >= 0.5
    assert found.headline.name == "macro_ap"
    assert figures["macro_ap"].value == pytest.approx(average_precision_score(truth, scores))
    assert figures["macro_f1"].value == pytest.approx(f1_score(truth, said, average="macro"))
    assert figures["micro_f1"].value == pytest.approx(f1_score(truth, said, average="micro"))
    assert figures["label_accuracy"].value == pytest.approx((truth == said).mean())
    for estimate in figures.values():
        assert estimate.low is not None
        assert estimate.high is not None
        assert estimate.low <= estimate.value <= estimate.high
    ap = average_precision_score(truth[:, 2], scores[:, 2])
    assert found.classes[2].figures["average_precision"] == pytest.approx(ap)
    assert found.classes[2].support == truth[:, 2].sum()


def test_agreement_counts_decisions_and_labels_found() -> None:
    task = tagger(2)
    reference = np.array([[0.9, 0.1], [0.2, 0.1]], np.float32)
    ours = np.array([[0.4, 0.1], [0.3, 0.2]], np.float32)
    truth = [ClassLabels(frozenset({0})), ClassLabels(frozenset())]
    found = task.agreement(answers(task, ours, truth=truth), answers(task, reference, truth=truth))
    values = {metric.name: metric.estimate.value for metric in found.metrics}
    assert values["agreement"] == 0.75
    assert values["label_f1"] == 0
    assert values["images_unchanged"] == 0.5
    (flip,) = found.flips
    assert (flip.id, flip.reference.text, flip.ours.text, flip.truth) == ("0.jpg", "a", "none", "a")
    assert flip.surety == pytest.approx(0.4)


def test_models_that_find_no_label_have_no_f1_of_labels_found() -> None:
    task = tagger(2)
    silent = answers(task, np.full((3, 2), 0.1, np.float32))
    label_f1 = task.agreement(silent, silent).metric("label_f1")
    assert label_f1 is not None
    assert math.isnan(label_f1.estimate.value)
    assert metric_text(label_f1) == "-"


@settings(max_examples=10)
@given(st.integers(1, 12), st.integers(1, 4), st.integers(0, 99))
def test_identical_answers_agree_fully_and_lose_nothing(images: int, count: int, seed: int) -> None:
    chance = np.random.default_rng(seed)
    task, p = tagger(count), chance.random((images, count)).astype(np.float32)
    truth = chance.random((images, count)) < 0.5
    truth[0, 0] = True
    same = answers(task, p, truth=truth_of(truth))
    found = task.agreement(same, same)
    assert found.headline.estimate.value == 1
    assert found.flips == ()
    assert task.paired(same, same).drop.value == 0


def test_a_label_that_ranks_worse_lost_average_precision() -> None:
    chance = np.random.default_rng(1)
    truth = chance.random((80, 2)) < 0.5
    reference = np.clip(truth * 0.6 + chance.random((80, 2)) * 0.4, 0, 1).astype(np.float32)
    ours = reference.copy()
    ours[:, 1] = chance.random(80)
    task = tagger(2)
    found = task.paired(
        answers(task, ours, truth=truth_of(truth)), answers(task, reference, truth=truth_of(truth))
    )
    assert found.metric == "macro_ap"
    assert found.drop.low is not None
    assert found.drop.low > 0.1
    assert [one.name for one in found.class_drops] == ["b", "a"]
    assert found.class_drops[1].drop == 0
    assert (found.p_value, found.images_for_a_point) == (None, None)
