from pathlib import Path

import pytest

from edgevision.errors import UsageError
from edgevision.pipeline.candidate_latency import TIMED_ONLY, int8_latency_ms
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.quantize.quantize import quantize
from edgevision.recipe.recipe import Recipe
from edgevision.tflite.parse import parse
from edgevision.tflite.serialize import serialize
from tests.quantize.builder import random_images, small_cnn


@pytest.mark.slow
def test_a_wider_model_takes_longer(tmp_path: Path) -> None:
    keras = pytest.importorskip("keras")
    seen: list[int] = []
    latency_ms = int8_latency_ms(progress=lambda done, _total, _stage: seen.append(done))
    times = []
    for width in (8, 128):
        image = keras.Input((64, 64, 3))
        x = keras.layers.Conv2D(width, 3, activation="relu")(image)
        x = keras.layers.Conv2D(width, 3, activation="relu")(x)
        x = keras.layers.Dense(4)(keras.layers.GlobalAveragePooling2D()(x))
        path = tmp_path / f"{width}.keras"
        with pytest.warns(DeprecationWarning, match="__array__"):  # Keras under NumPy 2
            keras.Model(image, x).save(path)
        times.append(latency_ms(path))
    assert 0 < times[0] < times[1]
    assert seen == [1, 2]


def test_an_unknown_place_is_refused_before_anything_is_measured() -> None:
    with pytest.raises(UsageError):
        int8_latency_ms(target="nowhere://board")


def test_what_is_only_timed_computes_the_same_and_nothing_is_searched() -> None:
    images = random_images(12)
    timed, best = (
        quantize(
            serialize(small_cnn()),
            preprocessing=ImagePreprocessing(width=12, height=12, mean=(127.5,), std=(127.5,)),
            images=lambda: images,
            recipe=recipe,
        )
        for recipe in (TIMED_ONLY, Recipe(quality="best"))
    )
    operators = [
        [(op.name, op.version, len(op.inputs)) for op in parse(made.content).operators]
        for made in (timed, best)
    ]
    assert operators[0] == operators[1]
    assert timed.steps == ()
    assert best.steps
