import json

import numpy as np
import pytest

from edgevision.errors import ModelError, UsageError
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.tasks.detection.boxes import iou, match
from edgevision.tasks.detection.task import Detection
from edgevision.tasks.interface import FrameSize
from edgevision.tasks.spec import TaskSpec
from edgevision.tasks.task import answer_of
from tests.tasks.models import FRAME, answers, model

SQUARE = ImagePreprocessing(width=100, height=100)
TF1 = ((1, 3, 4), (1, 3), (1, 3), (1,))


def detector(
    *, contract: ImagePreprocessing | None = SQUARE, labels: tuple[str, ...] = (), **options: float
) -> Detection:
    spec = TaskSpec(kind="detection", labels=labels, options=options)
    return Detection.build(spec, model(*TF1, preprocessing=contract))


def outputs(*rows: tuple[float, float, float, float, int, float]) -> list[np.ndarray]:
    """(top, left, bottom, right, class, score) rows as the op gives them for one image."""
    table = np.zeros((3, 6), np.float32)
    table[: len(rows)] = np.reshape(rows, (-1, 6))
    # What lies beyond the count is whatever was in memory.
    table[len(rows) :, 5] = 0.99
    return [table[:, :4], table[:, 4], table[:, 5], np.array([len(rows)], np.float32)]


def test_boxes_come_best_first_in_pixels_of_the_frame() -> None:
    task = detector(labels=("person", "dog"), threshold=0.4)
    made = outputs((0.1, 0.2, 0.5, 0.6, 1, 0.5), (0, 0, 1, 1, 0, 0.9), (0, 0, 1, 1, 0, 0.3))
    found = answer_of(task, tuple(made), FrameSize(width=200, height=100))
    best, second = found.items
    assert best.label == "person"
    assert best.score == pytest.approx(0.9)
    assert best.xyxy == (0, 0, 200, 100)
    assert second.label == "dog"
    assert second.xyxy == pytest.approx((40, 10, 120, 50))
    line = json.loads(json.dumps(found.to_dict()))["answers"][1]
    assert line == {"index": 1, "label": "dog", "score": 0.5, "xyxy": [40, 10, 120, 50]}


def test_a_letterboxed_box_loses_its_border() -> None:
    task = detector(contract=ImagePreprocessing(width=100, height=100, fit="letterbox"))
    # 200 x 100 becomes 100 x 50, 25 from the top.
    made = outputs((0.25, 0.0, 0.75, 1.0, 0, 0.9), (0.5, 0.5, 1.0, 0.75, 0, 0.8))
    whole, lower = answer_of(task, tuple(made), FrameSize(width=200, height=100)).items
    assert whole.xyxy == (0, 0, 200, 100)
    assert lower.xyxy == (100, 50, 150, 100)


def test_what_lies_beyond_the_count_is_no_box() -> None:
    assert answer_of(detector(threshold=0), tuple(outputs()), FRAME).items == ()


def test_boxes_are_drawn_at_the_scale_of_the_picture() -> None:
    found = answer_of(detector(), tuple(outputs((0.5, 0.5, 1, 1, 0, 0.9))), FRAME)
    small = found.draw(np.zeros((24, 32, 3), np.uint8))
    assert small[12, 16].any()
    assert not small[2:8, 2:8].any()


def test_the_newer_exporters_order_is_known_and_other_outputs_refused() -> None:
    spec = TaskSpec(kind="detection")
    tf2 = model((1, 3), (1, 3, 4), (1,), (1, 3), preprocessing=SQUARE)
    found = Detection.build(spec, tf2).outputs
    assert (found.scores, found.boxes, found.count, found.classes) == (0, 1, 2, 3)
    with pytest.raises(ModelError, match="1x10 are not boxes"):
        Detection.build(spec, model((1, 10), preprocessing=SQUARE))
    with pytest.raises(ModelError, match="preprocessing"):
        detector(contract=None)


def test_a_placeholder_before_the_labels_is_not_counted() -> None:
    assert detector(labels=("???", "person")).names == ("person",)


def test_overlap_of_worked_examples() -> None:
    a = np.array([[0, 0, 2, 2]], np.float32)
    b = np.array([[1, 1, 3, 3], [0, 0, 2, 2], [5, 5, 6, 6], [1, 1, 1, 1]], np.float32)
    assert iou(a, b)[0] == pytest.approx([1 / 7, 1, 0, 0])


def test_each_box_is_matched_once_and_only_with_its_class() -> None:
    overlap = np.array([[0.9, 0.6], [0.8, 0.0]])
    assert match(overlap, np.ones((2, 2), bool), at_least=0.5) == ((0, 0),)
    assert match(overlap, np.array([[False, True], [True, True]]), at_least=0.5) == ((0, 1), (1, 0))
    assert match(np.zeros((2, 0)), np.zeros((2, 0), bool), at_least=0.5) == ()


def test_agreement_is_the_f1_of_matched_boxes() -> None:
    task = detector(labels=("person", "dog"))
    person, dog = (0.0, 0.0, 0.4, 0.4, 0, 0.9), (0.5, 0.5, 1.0, 1.0, 1, 0.8)
    images = {
        "reference": [outputs(person, dog), outputs(person)],
        "ours": [outputs(person), outputs(person)],
    }
    stacked = {
        name: answers(task, *(np.stack(parts) for parts in zip(*each, strict=True)))
        for name, each in images.items()
    }
    found = task.agreement(stacked["ours"], stacked["reference"])
    # Two matched of two and three.
    assert found.headline.estimate.value == pytest.approx(4 / 5)
    iou_ = found.metric("mean_iou")
    assert iou_ is not None
    assert iou_.estimate.value == pytest.approx(1)
    (flip,) = found.flips
    assert (flip.id, flip.reference.text, flip.ours.text) == ("0.jpg", "dog 0.80", "no other")
    same = task.agreement(stacked["ours"], stacked["ours"])
    assert same.headline.estimate.value == 1
    assert same.flips == ()


def test_two_models_that_find_nothing_agree() -> None:
    nothing = [part[None] for part in outputs()]
    task = detector()
    estimate = task.agreement(answers(task, *nothing), answers(task, *nothing)).headline.estimate
    assert (estimate.value, estimate.low, estimate.high) == (1, 0, 1)


def test_accuracy_of_detectors_is_not_made_up() -> None:
    task = detector()
    asked = answers(task, *[part[None] for part in outputs()])
    with pytest.raises(UsageError, match="not measured yet"):
        task.evaluate(asked)
