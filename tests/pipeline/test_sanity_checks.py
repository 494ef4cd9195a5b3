from pathlib import Path

import numpy as np
import pytest

from edgevision.card.card import CalibrationSource
from edgevision.dataset.annotation import ClassLabel
from edgevision.dataset.imageset import ImageSet, Item
from edgevision.errors import ImageSetError
from edgevision.evaluation.choose_task import choose_task
from edgevision.pipeline.request import OptimizeRequest, Photos
from edgevision.pipeline.sanity_checks import refuse_names, sanity_checks
from edgevision.tasks.interface import Maker
from tests.tasks.models import model


def image_set(count: int, classes: tuple[str, ...] = ()) -> ImageSet:
    label = ClassLabel(0) if classes else None
    return ImageSet(
        path=Path("photos"),
        items=tuple(Item(f"{number}.png", label) for number in range(count)),
        classes=classes,
        load=lambda _item: np.zeros((4, 4, 3), np.uint8),
        digest=lambda item: item.id,
    )


def plan(
    *, labels: tuple[str, ...] = (), calibrating: int = 20, classes: tuple[str, ...] = ()
) -> OptimizeRequest:
    source = CalibrationSource(name="photos", sha256="0", images=calibrating)
    return OptimizeRequest(
        source=Path("model.keras"),
        output=Path("out"),
        recipes=(),
        calibration=Photos(images=image_set(calibrating), source=source),
        evaluation=image_set(8, classes),
        preprocessing=None,
        labels=labels,
    )


def checked(request: OptimizeRequest, outputs: int, maker: Maker = "softmax") -> tuple[str, ...]:
    interface = model((1, outputs), maker="sigmoid" if outputs == 1 else maker)
    resolved = choose_task(interface, labels=request.labels, images=request.proof)
    return sanity_checks(request, resolved)


def test_labels_that_measure_nothing_are_said() -> None:
    (sentence,) = checked(plan(classes=("cat", "dog")), 7, maker="linear")
    assert "photos has labels, and no accuracy is measured" in sentence
    assert "--task" in sentence


@pytest.mark.parametrize(("outputs", "labels"), [(3, 4), (3, 2), (1, 1), (1, 3)])
def test_names_that_are_not_one_for_each_class_are_refused(outputs: int, labels: int) -> None:
    with pytest.raises(ImageSetError, match=f"lists {labels} class names"):
        refuse_names(("name",) * labels, model((1, outputs)))


def test_names_for_outputs_that_are_no_row_of_scores_are_refused() -> None:
    with pytest.raises(ImageSetError, match="1x3 and 1x1 are no scores"):
        refuse_names(("a", "b", "c"), model((1, 3), (1, 1)))


@pytest.mark.parametrize(("outputs", "labels"), [(3, 3), (3, 0), (1, 2)])
def test_one_name_for_each_class_or_none_is_fine(outputs: int, labels: int) -> None:
    refuse_names(("name",) * labels, model((1, outputs)))


def test_class_folders_in_another_number_than_the_models_classes_are_doubted() -> None:
    (sentence,) = checked(plan(classes=("cat", "dog")), 3)
    assert "photos has 2 classes and the model 3" in sentence
    assert "--labels" in sentence


@pytest.mark.parametrize(
    ("classes", "labels", "outputs"),
    [
        (("a", "b", "c"), (), 3),
        (("cat", "dog"), (), 1),
        (("cat", "dog"), ("cat", "cow", "dog"), 3),
        ((), (), 3),
    ],
)
def test_classes_that_fit_or_were_named_are_not_doubted(
    classes: tuple[str, ...], labels: tuple[str, ...], outputs: int
) -> None:
    assert checked(plan(classes=classes, labels=labels), outputs) == ()


def test_a_handful_of_calibration_photos_is_said() -> None:
    (sentence,) = checked(plan(calibrating=3), 3)
    assert "ranges come from 3 photos" in sentence
