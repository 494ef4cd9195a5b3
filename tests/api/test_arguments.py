"""What callers hand in, in its several forms."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edgevision.api.arguments.images import (
    calibration_photos,
    class_names,
    image_set,
    representative_photos,
)
from edgevision.api.arguments.messages import Messages
from edgevision.api.arguments.preprocessing import declared_preprocessing, options_of, over_set
from edgevision.api.arguments.recipes import accuracy_target, changes_of, recipe, recipes
from edgevision.api.arguments.unused import refuse_unused
from edgevision.api.calibration_build import build_calibration_set
from edgevision.errors import ImageSetError, UsageError
from edgevision.preprocess.declared import Preprocessing
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.preprocess.normalize import normalize
from edgevision.preprocess.pixels import to_pixels
from edgevision.recipe.recipe import Recipe

PIXELS = np.random.default_rng(3).integers(0, 256, (4, 6, 5, 3), np.uint8)
INTEGER: dict[str, Any] = {
    "full_integer": False,
    "input_type": None,
    "output_type": None,
    "quality": None,
}


def test_full_integer_contradicts_another_type() -> None:
    with pytest.raises(UsageError, match="not --output-type float32"):
        changes_of(**{**INTEGER, "full_integer": True, "output_type": "float32"})


def test_full_integer_is_int8_in_and_out() -> None:
    changes = changes_of(full_integer=True, input_type="int8", output_type=None, quality="fast")
    assert changes == {"input_type": "int8", "output_type": "int8", "quality": "fast"}


def test_a_recipe_is_a_name_a_file_or_a_value(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('base = "int8"\nquality = "fast"\n')
    found = recipes({"fp16": True}, ["dynamic", file, Recipe(precision="int16x8")], changes={})
    assert [name for name, _ in found] == ["fp16", "dynamic", "mine", "int16x8"]
    assert found[2][1] == Recipe(quality="fast")


def test_nothing_asked_for_is_int8() -> None:
    assert recipes({"int8": False}, [], changes={}) == (("int8", Recipe()),)
    assert recipe({"int8": False}, None, changes={}) == ("int8", Recipe())


def test_one_file_twice_is_refused() -> None:
    with pytest.raises(UsageError, match="int8 was asked for twice"):
        recipes({"int8": True}, [Recipe(quality="best")], changes={})


@pytest.mark.parametrize("percent", [-1.0, 100.5])
def test_a_target_is_a_percentage(percent: float) -> None:
    with pytest.raises(UsageError, match="--max-drop is from 0 to 100"):
        accuracy_target(min_agreement=None, max_drop=percent)


def test_what_is_empty_is_not_given() -> None:
    refuse_unused({"keep": [], "custom": (), "train": None, "app": False})
    with pytest.raises(UsageError, match="--top-k does nothing without it"):
        refuse_unused({"top_k": 0}, without="it")


def test_a_preset_is_refused_by_the_name_of_its_option() -> None:
    assert options_of(Preprocessing(preset="unit", fit="letterbox")) == {
        "preprocess": "unit",
        "fit": "letterbox",
    }


def test_only_a_function_that_measures_takes_auto() -> None:
    assert declared_preprocessing("auto", takes_auto=True).is_auto
    with pytest.raises(UsageError, match="auto is not for this command"):
        declared_preprocessing(Preprocessing(preset="auto"))


@pytest.fixture
def holiday(tmp_path: Path) -> Path:
    folder = tmp_path / "holiday"
    folder.mkdir()
    cv2.imwrite(str(folder / "beach.png"), np.full((8, 8, 3), 99, np.uint8))
    return folder


def test_a_set_may_be_named_by_its_file(tmp_path: Path, holiday: Path) -> None:
    build_calibration_set(holiday, output=tmp_path / "set")
    photos, built = calibration_photos(tmp_path / "set" / "set.toml", Messages(), needed=True)
    assert photos is not None
    assert built is not None
    assert len(photos.images) == 1


def test_another_preset_replaces_the_sets_normalization_and_keeps_its_fit(
    tmp_path: Path, holiday: Path
) -> None:
    of_set = Preprocessing(preset="imagenet-caffe", fit="letterbox")
    built = build_calibration_set(holiday, output=tmp_path / "set", preprocessing=of_set)
    declared = over_set(Preprocessing(preset="unit"), built.calibration, Messages())
    assert (declared.preset, declared.fit, declared.color) == ("unit", "letterbox", None)


def test_calibration_is_a_path_a_set_or_arrays(holiday: Path) -> None:
    for given in (str(holiday), image_set(holiday, Messages()), PIXELS):
        photos, built = calibration_photos(given, Messages(), needed=True)
        assert photos is not None
        assert photos.source.images == len(photos.images) > 0
        assert built is None


def test_pictures_that_cannot_be_read_are_told_and_kept(holiday: Path) -> None:
    (holiday / "sunset.heic").write_bytes(b"another format")
    heard: list[tuple[str, str]] = []
    messages = Messages(notify=lambda severity, text: heard.append((severity, text)))
    image_set(holiday, messages)
    assert heard == [("warning", messages.warnings[0])]
    assert "sunset.heic" in messages.warnings[0]


def test_arrays_may_come_with_labels() -> None:
    images = image_set((PIXELS, [2, 0, 1, 1]), Messages(), class_names=("a", "b", "c"))
    assert [item.class_index for item in images] == [2, 0, 1, 1]
    assert images.classes == ("a", "b", "c")
    assert np.array_equal(images.load(images.items[3]), PIXELS[3])


def test_arrays_that_were_scaled_are_refused() -> None:
    with pytest.raises(ImageSetError, match="not whole numbers 0-255"):
        image_set((PIXELS / 255, [0, 1, 2, 3]), Messages())


def test_class_names_are_a_file_or_a_sequence(tmp_path: Path) -> None:
    file = tmp_path / "labels.txt"
    file.write_text("cat\ndog\n")
    assert class_names(file) == class_names(["cat", "dog"]) == ("cat", "dog")


@pytest.mark.parametrize("color", ["rgb", "bgr"])
def test_representative_data_give_back_the_pixels_behind_them(color: Any) -> None:
    of_model = ImagePreprocessing(
        width=5, height=6, color=color, mean=(123.675, 116.28, 103.53), std=(58.395, 57.12, 57.375)
    )

    def representative() -> Any:
        for picture in PIXELS:
            yield [normalize(to_pixels(picture, of_model), of_model)[None]]

    images = representative_photos(representative, of_model)
    assert all(np.array_equal(images.load(item), PIXELS[k]) for k, item in enumerate(images))


def test_grey_representative_data_too() -> None:
    of_model = ImagePreprocessing(width=5, height=6, color="gray", std=(255.0,))
    grey = PIXELS[..., :1]
    images = representative_photos(
        lambda: [[one[None] / np.float32(255)] for one in grey], of_model
    )
    back = [to_pixels(images.load(item), of_model) for item in images]
    assert np.array_equal(np.stack(back), grey)


@pytest.mark.parametrize(("factor", "low"), [(1 / 255, 0), (2 / 255, 1), (3, 0)])
def test_representative_data_of_another_range_are_refused(factor: float, low: float) -> None:
    of_model = ImagePreprocessing(width=5, height=6)
    with pytest.raises(ImageSetError, match="not 0 to 255"):
        representative_photos(lambda: [[PIXELS[:1] * np.float32(factor) - low * 3]], of_model)


def test_representative_data_of_another_shape_are_refused() -> None:
    of_model = ImagePreprocessing(width=5, height=6)
    with pytest.raises(UsageError, match=r"shapes \[\[4, 6, 5, 3\]\]"):
        representative_photos(lambda: [[PIXELS]], of_model)
