"""Any architecture goes through: those of keras.applications, with random weights."""

from pathlib import Path

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from edgevision.convert.convert import convert
from edgevision.metrics.signal import sqnr_db
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.quantize.quantize import quantize
from edgevision.recipe.recipe import Recipe
from edgevision.tensors import FloatArray
from edgevision.tflite.facts import facts_of
from edgevision.tflite.read import read_model
from tests.quantize.scores import scores_of

pytestmark = [
    pytest.mark.slow,
    # Keras saves weights in a way that NumPy 2 deprecates.
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]

CLASSES = 5
SIDES = {
    "VGG16": 48,
    "ResNet50V2": 48,
    "MobileNet": 48,
    "MobileNetV2": 48,
    "MobileNetV3Large": 48,
    "EfficientNetB0": 48,
    "EfficientNetV2B0": 48,
    "DenseNet121": 48,
    "NASNetMobile": 48,
    "Xception": 71,
    "InceptionV3": 75,
    "ConvNeXtTiny": 48,
}


VANISHING = {"MobileNet", "MobileNetV2", "MobileNetV3Large"}
"""Untrained, these make 1e-13 of any image: there is nothing to follow."""


def pictures(count: int, side: int) -> list[NDArray[np.uint8]]:
    """Coarse random blobs: neighbouring pixels are alike, as in photos."""
    random = np.random.default_rng(0)
    coarse = random.integers(0, 256, (count, side // 12 + 1, side // 12 + 1, 3))
    return [np.kron(one, np.ones((12, 12, 1)))[:side, :side].astype(np.uint8) for one in coarse]


def scores(
    model: bytes | Path, preprocessing: ImagePreprocessing, pixels: list[NDArray[np.uint8]]
) -> FloatArray:
    return scores_of(model, preprocessing, pixels)


@pytest.mark.parametrize("name", SIDES)
def test_an_architecture_becomes_int8_that_follows_its_float_file(
    name: str, tmp_path: Path
) -> None:
    keras.utils.set_random_seed(0)
    side = SIDES[name]
    model = getattr(keras.applications, name)(
        weights=None, input_shape=(side, side, 3), classes=CLASSES, classifier_activation=None
    )
    preprocessing = ImagePreprocessing(
        width=side, height=side, fit="stretch", mean=(127.5,), std=(127.5,)
    )
    pixels = pictures(16, side)
    model.save(tmp_path / "model.keras")
    keras.utils.clear_session(free_memory=True)
    path = convert(tmp_path / "model.keras", tmp_path / "float32.tflite").path

    made = quantize(
        path, preprocessing=preprocessing, images=lambda: pixels[:12], recipe=Recipe(quality="fast")
    )

    facts = facts_of(read_model(made.content))
    assert facts.precision == "int8"
    assert facts.integer_multiply_adds > 0.99 * facts.multiply_adds
    # What stays float says why.
    assert all(one.reason for one in made.skipped)
    wanted, got = (
        scores(path, preprocessing, pixels),
        scores(made.content, made.preprocessing, pixels),
    )
    assert (np.ptp(wanted) < 1e-9) == (name in VANISHING)
    if name in VANISHING:
        assert np.abs(got).max() < 1e-9
    else:
        assert sqnr_db(wanted, got) > 10
