import pytest

from edgevision.errors import MissingDependencyError, ModelError, UsageError
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.tasks.interface import ModelInterface
from edgevision.tasks.resolve import resolve_task
from edgevision.tasks.spec import TaskSpec
from tests.tasks.models import model

SSD = ((1, 3, 4), (1, 3), (1, 3), (1,))
SQUARE = ImagePreprocessing(width=8, height=8)


def kind(found: ModelInterface, **known: object) -> str:
    return resolve_task(found, **known).task.spec.kind  # type: ignore[arg-type]


def test_a_softmax_over_one_row_is_a_classifier() -> None:
    found = resolve_task(model((1, 10), maker="softmax"), labels=("a",) * 10)
    assert found.task.spec.kind == "classification"
    assert found.task.spec.labels == ("a",) * 10
    assert found.task.spec.activations == ("softmax",)
    assert found.reason == "its one output is a softmax over 10 classes"
    assert not found.is_declared


def test_names_or_labelled_images_that_fit_make_a_classifier_of_a_row_of_numbers() -> None:
    row = model((1, 3), maker="linear")
    assert kind(row) == "tensors"
    assert kind(row, labels=("a", "b", "c")) == "classification"
    assert kind(row, labels=("a", "b")) == "classification"  # and a background
    assert kind(row, labels=("a",)) == "tensors"
    assert kind(row, image_classes=3) == "classification"
    assert kind(row, image_classes=2) == "tensors"
    unit = model((1, 1), maker="sigmoid")
    assert kind(unit) == "tensors"
    assert kind(unit, labels=("cat",)) == "classification"
    assert kind(unit, image_classes=2) == "classification"


def test_images_of_two_classes_do_not_make_a_classifier_of_a_number() -> None:
    for maker in ("linear", "other"):
        number = model((1, 1), maker=maker)
        assert kind(number, image_classes=2) == "tensors"
        assert kind(number, labels=("young", "old")) == "classification"
    unit = resolve_task(model((1, 1), maker="sigmoid"), image_classes=2)
    assert unit.reason == "the images' 2 classes fit its one unit"


def test_names_of_several_sigmoids_are_labels_that_do_not_exclude_each_other() -> None:
    sigmoids, names = model((1, 3), maker="sigmoid"), ("a", "b", "c")
    assert kind(sigmoids, labels=names) == "multilabel"
    # Where each image has one class, the model is one that tells them apart.
    assert kind(sigmoids, labels=names, image_classes=3) == "classification"
    assert kind(model((1, 3), maker="linear"), labels=names) == "classification"


def test_what_has_no_known_meaning_is_numbers_and_never_refused() -> None:
    for shapes in ([(1, 256)], [(1, 8, 8, 21)], [(1, 3), (1, 3)], [()], [(1, 0)]):
        assert kind(model(*shapes)) == "tensors"
    assert kind(model((1, 8, 8, 21), maker="softmax")) == "tensors"
    assert kind(model(*SSD), labels=("a",) * 5) == "tensors"


def test_the_operator_of_detection_is_a_detector() -> None:
    assert kind(model(*SSD, maker="detection-postprocess", preprocessing=SQUARE)) == "detection"
    # Its boxes have no place in a picture that went in nobody knows how.
    assert kind(model(*SSD, maker="detection-postprocess")) == "tensors"


def test_what_is_declared_comes_first_then_the_card() -> None:
    row = model((1, 3), maker="sigmoid")
    card = TaskSpec(kind="classification", labels=("a", "b", "c"))
    by_card = resolve_task(row, card=card)
    assert (by_card.task.spec.kind, by_card.is_declared) == ("classification", True)
    assert by_card.reason == "the model card says classification"
    declared = resolve_task(row, declared=TaskSpec(kind="multilabel"), card=card)
    assert declared.task.spec.kind == "multilabel"
    assert declared.task.spec.labels == ("a", "b", "c")
    with pytest.raises(ModelError):
        resolve_task(model((1, 8, 8, 21)), card=card)


def test_an_unknown_task_names_those_there_are() -> None:
    with pytest.raises(UsageError, match="unknown task 'clasification'") as caught:
        resolve_task(model((1, 3)), declared=TaskSpec(kind="clasification"))
    assert "classification, multilabel, detection, tensors" in caught.value.hint


def test_a_card_of_a_task_that_is_not_here_names_its_package() -> None:
    card = TaskSpec(kind="depth", package="edgevision-depth")
    with pytest.raises(MissingDependencyError, match="depth, a task of the package") as caught:
        resolve_task(model((1, 3)), card=card)
    assert "pip install edgevision-depth" in caught.value.hint
    with pytest.raises(MissingDependencyError, match="no package here brings") as caught:
        resolve_task(model((1, 3)), card=TaskSpec(kind="depth"))
    assert "--task tensors" in caught.value.hint
    declared = resolve_task(model((1, 3)), declared=TaskSpec(kind="tensors"), card=card)
    assert declared.task.spec == TaskSpec(kind="tensors")
