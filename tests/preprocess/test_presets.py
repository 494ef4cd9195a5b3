from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from edgevision.preprocess.declared import Preprocessing
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.preprocess.normalize import input_table, normalize
from edgevision.preprocess.pixels import to_pixels
from edgevision.preprocess.presets import PRESETS, describe, preset_of
from edgevision.tensors import Quantization

Real = NDArray[np.float64]


def mode_torch(x: Real) -> Real:
    scaled: Real = (x / 255.0 - np.array([0.485, 0.456, 0.406])) / np.array([0.229, 0.224, 0.225])
    return scaled


def mode_caffe(x: Real) -> Real:
    centred: Real = x[..., ::-1] - np.array([103.939, 116.779, 123.68])
    return centred


# keras.applications.imagenet_utils.preprocess_input, and the EfficientNet-Lite README, by hand.
DEFINITIONS: dict[str, Callable[[Real], Real]] = {
    "raw": lambda x: x,
    "unit": lambda x: x / 255.0,
    "imagenet-tf": lambda x: x / 127.5 - 1.0,
    "imagenet-torch": mode_torch,
    "imagenet-caffe": mode_caffe,
    "imagenet-lite": lambda x: (x - 127.0) / 128.0,
}


def preprocessing_of(preset: str) -> ImagePreprocessing:
    return Preprocessing(preset=preset).preprocessing(width=64, height=48, channels=3)


def test_every_preset_has_a_definition_to_be_held_to() -> None:
    assert set(DEFINITIONS) == set(PRESETS)


@pytest.mark.parametrize("name", PRESETS)
def test_preset_is_what_the_training_code_computes(name: str) -> None:
    photo = np.random.default_rng(1).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    preprocessing = preprocessing_of(name)

    real = normalize(to_pixels(photo, preprocessing), preprocessing)

    assert real.dtype == np.float32
    np.testing.assert_allclose(real, DEFINITIONS[name](photo.astype(np.float64)), atol=1e-5)


@pytest.mark.parametrize("name", PRESETS)
def test_preset_is_known_by_its_numbers(name: str) -> None:
    assert preset_of(preprocessing_of(name)) == name
    assert describe(preprocessing_of(name)).endswith(name)


def test_other_numbers_are_written_out() -> None:
    preprocessing = ImagePreprocessing(
        width=320, height=180, fit="center-crop", crop_fraction=0.875, mean=(1.0, 2.0, 3.0)
    )

    assert describe(preprocessing) == "320 x 180 rgb, center-crop 0.875, (x - [1, 2, 3]) / 1"


@pytest.mark.parametrize("name", ["unit", "imagenet-tf"])
def test_scalar_preset_is_pixel_exact_in_uint8(name: str) -> None:
    # The scale and zero point that make pixels the quantized input: normalization costs nothing.
    preprocessing = preprocessing_of(name)
    std, mean = preprocessing.std[0], preprocessing.mean[0]
    to = Quantization(scale=1 / std, zero_point=round(mean))

    table = input_table(preprocessing, to, np.dtype(np.uint8))

    # 127.5 is no integer: half a step is the price, rounded to even.
    steps = np.abs(table.astype(int) - np.arange(256)[:, None])
    assert steps.max() <= (1 if mean % 1 else 0)


def test_table_quantizes_what_normalize_makes() -> None:
    preprocessing = preprocessing_of("imagenet-torch")
    to = Quantization(scale=0.02, zero_point=-3)

    table = input_table(preprocessing, to, np.dtype(np.int8))

    levels = np.stack([np.arange(256)] * 3, axis=1).astype(np.uint8)
    expected = np.clip(np.rint(normalize(levels, preprocessing) / np.float64(0.02)) - 3, -128, 127)
    assert np.array_equal(table, expected)
