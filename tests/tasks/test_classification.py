import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgevision.dataset.annotation import ClassLabel, ClassLabels
from edgevision.errors import ImageSetError, ModelError, UsageError
from edgevision.metrics.divergence import bernoulli_divergences
from edgevision.tasks.answers import Answers
from edgevision.tasks.classification.task import Classification
from edgevision.tasks.interface import Maker
from edgevision.tasks.spec import TaskSpec
from edgevision.tasks.task import answer_of
from edgevision.tflite.facts import Activation
from tests.tasks.models import FRAME, answers, model


def classifier(
    classes: int,
    *,
    maker: Maker = "softmax",
    activation: Activation | None = None,
    labels: tuple[str, ...] = (),
    **options: float,
) -> Classification:
    spec = TaskSpec(
        kind="classification", labels=labels, activations=(activation,), options=options
    )
    return Classification.build(spec, model((1, classes), maker=maker))


def sure(top1: list[int], classes: int = 4, p: float = 0.7) -> np.ndarray:
    scores = np.full((len(top1), classes), (1 - p) / (classes - 1), np.float32)
    scores[np.arange(len(top1)), top1] = p
    return scores


def labels(*indices: int) -> list[ClassLabel]:
    return [ClassLabel(index) for index in indices]


def items(task: Classification, *values: float) -> list[tuple[str, float]]:
    found = answer_of(task, (np.array(values, np.float32),), FRAME)
    return [(item.label, round(item.score, 4)) for item in found.items]


def test_a_softmax_is_reported_as_it_is_and_logits_through_one() -> None:
    names = ("cat", "dog")
    assert items(classifier(2, labels=names), 0.25, 0.5) == [("dog", 0.5), ("cat", 0.25)]
    logits = classifier(2, maker="linear", labels=names)
    # In 0..1 as they are, the values alone would pass for probabilities.
    assert items(logits, 0.0, 1.0) == [("dog", 0.7311), ("cat", 0.2689)]
    sigmoids = classifier(2, maker="sigmoid", labels=names)
    assert items(sigmoids, 0.9, 0.8) == [("cat", 0.9), ("dog", 0.8)]


def test_only_where_nothing_is_known_do_the_values_decide() -> None:
    unknown = classifier(2, maker="other")
    assert items(unknown, 0.2, 0.2) == [("class 0", 0.5), ("class 1", 0.5)]
    assert items(unknown, 0.0, math.log(3))[0] == ("class 1", 0.75)
    declared = classifier(2, maker="other", activation="logits")
    assert items(declared, 0.2, 0.2 + math.log(3))[0] == ("class 1", 0.75)


def test_one_unit_decides_between_two_classes() -> None:
    sigmoid = classifier(1, maker="sigmoid", labels=("cat",))
    assert items(sigmoid, 0.9) == [("cat", 0.9), ("not cat", 0.1)]
    # Not known to be a probability, so its sigmoid is taken, as of any logit.
    assert items(classifier(1, maker="other"), 0.0) == [("class 0", 0.5), ("class 1", 0.5)]
    declared = classifier(1, maker="other", activation="sigmoid")
    assert items(declared, 0.25) == [("class 0", 0.75), ("class 1", 0.25)]
    with pytest.raises(ModelError, match="always 1"):
        classifier(1, maker="softmax")


def test_top_k_and_threshold_choose_what_is_reported() -> None:
    task = classifier(4, top_k=2, threshold=0.2)
    assert items(task, 0.1, 0.3, 0.25, 0.35) == [("class 3", 0.35), ("class 1", 0.3)]
    assert items(task, 0.1, 0.1, 0.1, 0.7) == [("class 3", 0.7)]
    with pytest.raises(UsageError, match="no option 'iou'"):
        classifier(4, iou=0.5)
    with pytest.raises(UsageError, match="0 to 1"):
        classifier(4, threshold=2)


def test_an_answer_is_a_line_of_json_and_lines_on_the_picture() -> None:
    answer = answer_of(classifier(4), (sure([2])[0],), FRAME)
    line = json.loads(json.dumps(answer.to_dict()))
    assert line["answers"][0] == {"index": 2, "label": "class 2", "score": 0.7}
    picture = np.zeros((48, 64, 3), np.uint8)
    drawn = answer.draw(picture, ["12 ms"])
    assert drawn.any()
    assert not picture.any()


def test_models_and_labels_that_do_not_fit_are_refused() -> None:
    spec = TaskSpec(kind="classification")
    with pytest.raises(ModelError, match="1x8x8x3"):
        Classification.build(spec, model((1, 8, 8, 3)))
    with pytest.raises(ModelError, match="1x4 and 1x4"):
        Classification.build(spec, model((1, 4), (1, 4)))
    with pytest.raises(ModelError, match="2 labels for 4 classes"):
        classifier(4, labels=("a", "b"))
    with pytest.raises(ModelError, match="declared as logits, but a softmax"):
        classifier(4, activation="logits")
    assert classifier(4, labels=("a", "b", "c")).names == ("background", "a", "b", "c")


def test_the_spec_says_what_the_file_told() -> None:
    assert classifier(4, maker="linear").spec.activations == ("logits",)


def test_marks_of_a_worked_example() -> None:
    task = classifier(4, labels=("a", "b", "c", "d"))
    asked = answers(task, sure([0, 1, 2, 3, 0, 0, 0, 0]), truth=labels(0, 1, 2, 3, 1, 0, 0, 0))
    found = task.evaluate(asked)
    assert found.images == 8
    assert found.headline.name == "top1"
    assert (found.headline.estimate.hits, found.headline.estimate.count) == (7, 8)
    assert found.metric("top5") is None
    macro_f1 = found.metric("macro_f1")
    assert macro_f1 is not None
    assert macro_f1.estimate.value == pytest.approx((8 / 9 + 2 / 3 + 1 + 1) / 4)
    assert found.confusion is not None
    assert found.confusion[1, 0] == 1
    row = found.classes[1]
    assert (row.name, row.support) == ("b", 2)
    assert row.figures == {"precision": 1, "recall": 0.5, "f1": pytest.approx(2 / 3)}


def test_truth_that_does_not_fit_is_refused() -> None:
    task, scores = classifier(4), sure([0, 1])
    with pytest.raises(ImageSetError, match="no labels"):
        task.evaluate(answers(task, scores))
    with pytest.raises(ImageSetError, match="no labels"):
        task.evaluate(answers(task, scores, truth=[ClassLabel(0), None]))
    with pytest.raises(ImageSetError, match="label 4, the model has 4"):
        task.evaluate(answers(task, scores, truth=labels(0, 4)))
    with pytest.raises(ImageSetError, match=r"0\.jpg .* all the labels it has; .* on one class"):
        task.evaluate(answers(task, scores, truth=[ClassLabels(frozenset({1}))] * 2))


def test_the_drop_is_paired_and_classes_that_lost_come_first() -> None:
    task, truth = classifier(4), [0] * 50 + [1] * 50
    reference = answers(task, sure(truth), truth=labels(*truth))
    ours = answers(task, sure([0] * 50 + [1] * 40 + [0] * 10), truth=labels(*truth))
    found = task.paired(ours, reference)
    assert found.metric == "top1"
    assert found.drop.value == pytest.approx(0.10)
    assert found.drop.low is not None
    assert 0 < found.drop.low < 0.10
    assert found.p_value == pytest.approx(2 / 2**10)
    assert found.images_for_a_point is not None
    worst, other = found.class_drops
    assert (worst.label, worst.support, worst.reference, worst.ours) == (1, 50, 1.0, 0.8)
    assert worst.drop == pytest.approx(0.2)
    assert other.drop == 0


def test_flips_come_surest_first_with_both_verdicts() -> None:
    task = classifier(3, labels=("a", "b", "c"))
    before = np.array([[0.5, 0.4, 0.1], [0.9, 0.0, 0.1], [0.2, 0.8, 0.0]], np.float32)
    after = np.array([[0.4, 0.5, 0.1], [0.3, 0.1, 0.6], [0.3, 0.7, 0.0]], np.float32)
    truth = labels(1, 0, 1)
    found = task.agreement(answers(task, after, truth=truth), answers(task, before, truth=truth))
    assert found.headline.estimate.value == pytest.approx(1 / 3)
    assert found.headline.unit == "share"
    first, second = found.flips
    assert (first.id, first.index, first.truth) == ("1.jpg", 1, "a")
    assert first.surety == pytest.approx(0.8)
    assert (first.reference.text, first.ours.text) == ("a 0.90", "c 0.60")
    assert first.reference.other_score == pytest.approx(0.1)
    assert second.id == "0.jpg"


def test_independent_scores_are_not_scaled_to_one() -> None:
    task = classifier(2, maker="sigmoid")
    a = np.array([[0.5, 0.8]], np.float32)
    b = np.array([[0.9, 0.8]], np.float32)
    kl = task.agreement(answers(task, a), answers(task, b)).metric("mean_kl")
    assert kl is not None
    assert kl.estimate.value == pytest.approx(float(bernoulli_divergences(a, b)[0]))


@settings(max_examples=20)
@given(st.integers(1, 30), st.integers(2, 9), st.integers(0, 999))
def test_identical_answers_agree_fully(images: int, classes: int, seed: int) -> None:
    task = classifier(classes, maker="linear")
    logits = np.random.default_rng(seed).normal(size=(images, classes)).astype(np.float32)
    truth = labels(*[row % classes for row in range(images)])
    same = answers(task, logits, truth=truth)
    found, paired = task.agreement(same, same), task.paired(same, same)
    assert found.headline.estimate.value == 1
    assert found.flips == ()
    assert (paired.drop.value, paired.p_value, paired.images_for_a_point) == (0, 1, None)
    kl = found.metric("mean_kl")
    assert kl is not None
    assert kl.estimate.value == pytest.approx(0, abs=1e-5)


@settings(max_examples=10)
@given(st.permutations(range(12)))
def test_the_order_of_images_does_not_matter(order: list[int]) -> None:
    task, chance = classifier(4, maker="linear"), np.random.default_rng(0)
    a, b = chance.normal(size=(2, 12, 4)).astype(np.float32)
    truth = chance.integers(0, 4, 12)

    def asked(scores: np.ndarray, rows: list[int]) -> Answers:
        return answers(task, scores[rows], truth=labels(*truth[rows].tolist()))

    plain = list(range(12))
    first, second = (task.evaluate(asked(a, rows)) for rows in (plain, order))
    for one, other in zip(first.metrics, second.metrics, strict=True):
        assert one.estimate.value == pytest.approx(other.estimate.value)
    agreed = [task.agreement(asked(a, rows), asked(b, rows)) for rows in (plain, order)]
    assert agreed[0].headline == agreed[1].headline
    assert len(agreed[0].flips) == len(agreed[1].flips)


@pytest.mark.parametrize(
    ("maker", "before", "logits"),
    [
        ("softmax", True, True),
        ("sigmoid", True, True),
        ("linear", False, True),
        ("other", False, False),
    ],
)
def test_the_loss_looks_at_logits_where_there_are_some(
    maker: Maker, before: bool, logits: bool
) -> None:
    (loss,) = classifier(3, maker=maker).losses()
    assert (loss.output, loss.before_activation) == (0, before)
    one = np.random.default_rng(0).normal(size=(5, 1, 3)).astype(np.float32)
    assert loss.function(one, one) == 0
    assert loss.function(one, one * np.float32(1.1)) > 0
    # Logits of exclusive classes mean the same when all move together.
    moved = loss.function(one, one + 3)
    assert (moved == pytest.approx(0, abs=1e-6)) == (maker in {"softmax", "linear"})
    assert logits == (loss.function.__name__ != "noise_share")
