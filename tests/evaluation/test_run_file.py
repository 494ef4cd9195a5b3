from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from edgevision.dataset.annotation import ClassLabel
from edgevision.dataset.imageset import ImageSet, Item
from edgevision.errors import ModelError
from edgevision.evaluation.run_file import answers_of, task_of_file
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.tasks.interface import FrameSize
from edgevision.tasks.spec import TaskSpec
from edgevision.tflite.serialize import serialize
from tests.quantize.builder import Builder
from tests.tflite.models import LABELS, classifier

SIDE = 4
PREPROCESSING = ImagePreprocessing(width=SIDE, height=SIDE, mean=(127.5,), std=(1.0,))


def image_set(*labels: int | None, classes: tuple[str, ...] = ()) -> ImageSet:
    """Images of one grey each, 100, 101, ..., twice as wide as high."""
    return ImageSet(
        path=Path("grey"),
        items=tuple(
            Item(str(at), None if label is None else ClassLabel(label))
            for at, label in enumerate(labels)
        ),
        classes=classes,
        load=lambda item: np.full((SIDE, 2 * SIDE, 3), 100 + int(item.id), np.uint8),
        digest=lambda item: item.id,
    )


def dense() -> bytes:
    """The mean of each channel, through a dense layer without activation."""
    b = Builder((1, SIDE, SIDE, 3))
    return serialize(b.finish(b.dense(b.mean(0), np.eye(3), np.zeros(3))))


@pytest.mark.parametrize(
    ("labels", "classes", "kind"),
    [
        ((), (), "tensors"),
        (LABELS[:3], (), "classification"),
        ((), ("cat", "dog", "emu"), "classification"),
        ((), ("cat", "dog"), "tensors"),
    ],
)
def test_names_or_labelled_images_make_a_classifier_of_a_vector(
    labels: tuple[str, ...],
    classes: tuple[str, ...],
    kind: Literal["tensors", "classification"],
) -> None:
    found = task_of_file(dense(), labels=labels, images=image_set(0, 1, classes=classes))
    assert found.task.spec.kind == kind
    assert not found.is_declared


def test_labels_without_names_count_classes_too() -> None:
    assert task_of_file(dense(), images=image_set(0, 2)).task.spec.kind == "classification"
    assert task_of_file(dense(), images=image_set(None, None)).task.spec.kind == "tensors"


def test_answers_come_in_order_with_frames_and_truth() -> None:
    content = dense()
    task = task_of_file(content, labels=("a", "b", "c")).task
    stages: list[tuple[int, int, str]] = []
    found = answers_of(
        content,
        PREPROCESSING,
        task,
        image_set(2, 1, 0),
        threads=2,
        progress=lambda *told: stages.append(told),
        stage="asking",
    )
    assert found.ids == ("0", "1", "2")
    assert found.condensed[0][:, 0] == pytest.approx([-27.5, -26.5, -25.5])
    assert found.frames[0] == FrameSize(width=2 * SIDE, height=SIDE)
    assert found.truth == (ClassLabel(2), ClassLabel(1), ClassLabel(0))
    assert stages[0] == (0, 3, "asking")
    assert stages[-1] == (3, 3, "asking")


def test_integers_come_back_as_real_numbers_without_the_batch_axis() -> None:
    content = classifier("uint8")
    preprocessing = ImagePreprocessing(width=32, height=32, mean=(127.5,), std=(127.5,))
    task = task_of_file(content).task
    (scores,) = answers_of(content, preprocessing, task, image_set(None, None)).condensed
    assert scores.shape == (2, 5)
    assert scores.sum(axis=1) == pytest.approx([1, 1], abs=0.02)


def test_the_card_is_believed_and_the_user_before_it() -> None:
    card = TaskSpec(kind="multilabel", labels=("a", "b", "c"))
    found = task_of_file(dense(), card=card)
    assert (found.task.spec.kind, found.is_declared) == ("multilabel", True)
    found = task_of_file(dense(), card=card, declared=TaskSpec(kind="classification"))
    assert (found.task.spec.kind, found.task.spec.labels) == ("classification", card.labels)


def test_a_model_of_two_pictures_is_refused() -> None:
    b = Builder((1, SIDE, SIDE, 3), (1, SIDE, SIDE, 3))
    content = serialize(b.finish(b.binary("ADD", 0, 1)))
    task = task_of_file(content).task
    with pytest.raises(ModelError, match="this model has 2"):
        answers_of(content, PREPROCESSING, task, image_set(None))


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"\xff\xd8")
    with pytest.raises(ModelError, match="not a .tflite"):
        task_of_file(path)
