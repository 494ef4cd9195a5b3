from collections import Counter
from pathlib import Path

import pytest

from edgevision.dataset.calibration.choose import choose
from edgevision.dataset.formats.open_set import open_image_set
from edgevision.errors import ImageSetError


def test_labelled_photos_take_their_names_from_beside(shared: Path) -> None:
    images = open_image_set(shared / "photos" / "evaluation")

    assert (len(images), len(images.classes)) == (120, 1000)
    assert images.is_labelled
    assert images.load(images.items[0]).shape == (299, 299, 3)


def test_photos_without_labels_need_none(shared: Path) -> None:
    images = open_image_set(shared / "photos" / "calibration")

    assert (len(images), images.is_labelled, images.classes) == (100, False, ())


def test_folder_of_both_is_refused_with_what_to_name(shared: Path) -> None:
    with pytest.raises(ImageSetError, match="parts of a data set"):
        open_image_set(shared / "photos")


def test_cifar_calibration_set_is_balanced_and_apart_from_evaluation(shared: Path) -> None:
    train = open_image_set(shared / "cifar10" / "train.npz")
    evaluation = open_image_set(shared / "cifar10" / "evaluation.npz")

    choice = choose(train, count=200, exclude=evaluation)

    assert set(Counter(item.class_index for item in choice.items).values()) == {20}
    assert train.classes[3] == "cat"
    assert not {evaluation.digest(item) for item in evaluation} & set(choice.digests)
