from pathlib import Path
from typing import Any

import pytest

from edgevision.errors import UsageError
from edgevision.preprocess.declared import Preprocessing, nothing_declared
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.preprocess.options import (
    declared_of,
    from_flags,
    from_option,
    parse_numbers,
)
from edgevision.preprocess.presets import PRESETS
from edgevision.serialization.toml_text import to_toml

PHOTO: dict[str, Any] = {"width": 224, "height": 160, "channels": 3}
GREY: dict[str, Any] = {"width": 28, "height": 28, "channels": 1}


def test_preset_takes_its_size_from_the_model() -> None:
    preprocessing = from_option("imagenet-torch").preprocessing(**PHOTO)

    assert preprocessing == ImagePreprocessing(
        width=224, height=160, mean=(123.675, 116.28, 103.53), std=(58.395, 57.12, 57.375)
    )


def test_auto_is_proposed_only_where_it_is_taken() -> None:
    assert "auto" not in nothing_declared().hint
    assert "--preprocess auto" in nothing_declared(can_measure=True).hint


def test_nothing_said_lists_the_presets() -> None:
    with pytest.raises(UsageError, match="is not known") as caught:
        Preprocessing().preprocessing(**PHOTO)

    assert all(name in caught.value.hint for name in PRESETS)
    assert caught.value.exit_code == 2


def test_mean_without_std_is_not_enough() -> None:
    with pytest.raises(UsageError, match="mean and std are needed, both"):
        from_flags(mean="127.5").preprocessing(**PHOTO)


def test_mean_and_std_alone_are_enough() -> None:
    preprocessing = from_flags(mean="127.5", std="127.5").preprocessing(**PHOTO)

    assert (preprocessing.mean, preprocessing.std, preprocessing.color) == (
        (127.5,),
        (127.5,),
        "rgb",
    )


def test_misspelt_preset_is_recognized() -> None:
    with pytest.raises(UsageError, match="no preprocessing preset 'imagenet_torch'") as caught:
        from_option("imagenet_torch")

    assert caught.value.hint.startswith("did you mean imagenet-torch?")


def test_flag_wins_over_file_and_file_over_preset(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('preset = "imagenet-tf"\nmean = 128\nfit = "letterbox"\npad = 114\n')

    preprocessing = from_flags(preprocess=str(file), fit="center-crop").preprocessing(**PHOTO)

    assert preprocessing.fit == "center-crop"
    assert (preprocessing.mean, preprocessing.std, preprocessing.pad) == ((128.0,), (127.5,), 114)


def test_number_that_conflicts_with_the_preset_is_used_and_said() -> None:
    declared = from_flags(preprocess="imagenet-tf", mean="128")

    assert declared.preprocessing(**PHOTO).mean == (128.0,)
    assert declared.notes() == ("mean 128 is used, where imagenet-tf has 127.5",)


def test_number_that_repeats_the_preset_is_not_worth_a_word() -> None:
    assert from_flags(preprocess="imagenet-tf", std="127.5,127.5,127.5").notes() == ()


def test_other_colour_order_takes_the_channels_numbers_along() -> None:
    declared = from_flags(preprocess="imagenet-caffe", color="rgb")

    assert declared.preprocessing(**PHOTO).mean == (123.68, 116.779, 103.939)
    assert "reordered" in declared.notes()[0]


def test_caffe_is_bgr() -> None:
    assert from_option("imagenet-caffe").preprocessing(**PHOTO).color == "bgr"


def test_auto_leaves_to_be_measured_what_the_flags_do_not_fix() -> None:
    declared = from_flags(preprocess="auto", fit="letterbox")
    assert declared == Preprocessing(preset="auto", fit="letterbox")
    assert not declared.is_complete


def test_a_file_never_leaves_it_to_be_measured(tmp_path: Path) -> None:
    (tmp_path / "auto.toml").write_text('preset = "auto"\n')
    with pytest.raises(UsageError, match="no preprocessing preset 'auto'"):
        from_option(str(tmp_path / "auto.toml"))


def test_table_in_a_larger_file_is_found(tmp_path: Path) -> None:
    file = tmp_path / "set.toml"
    file.write_text('images = 3\n[preprocessing]\npreset = "unit"\n')

    assert from_option(str(file)) == Preprocessing(preset="unit")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("mean = [", "is not TOML"),
        ("preset = 3", "preset should be .*text"),
        ('preset = "unti"', "no preprocessing preset 'unti'"),
        ("widht = 3", "unknown name 'widht'"),
        ("mean = [1, 2]", "mean needs 1 or 3 numbers, got 2"),
        ("mean = []", "mean needs 1 or 3 numbers, got 0"),
        ('std = "x"', "std.0. should be a number"),
        ("std = [1, 0, 1]", "std must be positive"),
        ("preprocessing = 3", "should be an object"),
        ("crop_fraction = 0.5\nfit = 'stretch'", "needs fit center-crop"),
    ],
)
def test_bad_file_is_named_with_its_fault(tmp_path: Path, content: str, complaint: str) -> None:
    file = tmp_path / "bad.toml"
    file.write_text(content)

    with pytest.raises(UsageError, match=complaint) as caught:
        from_option(str(file))

    assert "bad.toml" in str(caught.value)


def test_missing_file_is_not_taken_for_a_preset(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read"):
        from_option(str(tmp_path / "none.toml"))


def test_constants_of_pixels_0_to_1_are_refused_with_the_right_ones() -> None:
    with pytest.raises(UsageError, match=r"pixels 0\.\.1") as caught:
        from_flags(mean="0.485,0.456,0.406", std="0.229,0.224,0.225")

    assert "--mean 123.675,116.28,103.53 --std 58.395,57.12,57.375" in caught.value.hint


def test_size_in_a_file_must_be_the_models() -> None:
    with pytest.raises(UsageError, match="says width 192, but the model's input has 224"):
        Preprocessing(preset="raw", width=192).preprocessing(**PHOTO)


def test_scalar_preset_serves_a_grey_model() -> None:
    preprocessing = from_option("imagenet-tf").preprocessing(**GREY)

    assert (preprocessing.color, preprocessing.channels) == ("gray", 1)


@pytest.mark.parametrize(
    ("flags", "input_", "complaint"),
    [
        ({"preprocess": "imagenet-torch"}, GREY, "imagenet-torch has 3 channels"),
        ({"preprocess": "raw", "color": "rgb"}, GREY, "color rgb has 3 channels"),
        ({"preprocess": "raw", "color": "gray"}, PHOTO, "color gray has one channel"),
        ({"preprocess": "raw"}, {**PHOTO, "channels": 4}, "has 4 channels"),
        ({"preprocess": "raw", "crop_fraction": 0.8}, PHOTO, "needs fit center-crop"),
    ],
)
def test_what_does_not_fit_the_models_input_is_refused(
    flags: dict[str, Any], input_: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(UsageError, match=complaint):
        from_flags(**flags).preprocessing(**input_)


def test_words_for_numbers_are_refused() -> None:
    with pytest.raises(UsageError, match="--mean 'a,b' is not a list of numbers"):
        parse_numbers("--mean", "a,b")


def test_what_was_declared_survives_its_table(tmp_path: Path) -> None:
    declared = from_flags(preprocess="imagenet-caffe", mean="1,2,3", fit="letterbox")
    path = tmp_path / "mine.toml"
    path.write_text(to_toml(declared))

    assert from_option(str(path)) == declared


def test_preprocessing_says_everything() -> None:
    preprocessing = ImagePreprocessing(
        width=224, height=160, fit="center-crop", crop_fraction=0.875, std=(2.0,)
    )

    assert declared_of(preprocessing).preprocessing(**PHOTO) == preprocessing
