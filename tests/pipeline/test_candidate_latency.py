from pathlib import Path

import pytest

from edgevision.errors import UsageError
from edgevision.pipeline.candidate_latency import int8_latency_ms


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
