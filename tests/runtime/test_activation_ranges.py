from pathlib import Path

import numpy as np
import pytest

from edgevision.dataset.formats.open_set import open_image_set
from edgevision.dataset.imageset import ImageSet
from edgevision.errors import ModelError
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.preprocess.normalize import normalize
from edgevision.preprocess.pixels import to_pixels
from edgevision.runtime.activation_ranges import mean_ranges
from edgevision.runtime.session import Session
from tests.dataset.pictures import fill
from tests.tflite.models import SIDE, classifier

PREPROCESSING = ImagePreprocessing(width=SIDE, height=SIDE, mean=(127.5,), std=(127.5,))


@pytest.fixture
def photos(tmp_path: Path) -> ImageSet:
    return open_image_set(fill(tmp_path / "photos", ["a.png", "b.png", "c.png"]))


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "float32.tflite"
    path.write_bytes(classifier("float32"))
    return path


def test_range_of_the_output_is_what_the_runtime_answers(photos: ImageSet, model: Path) -> None:
    ranges = mean_ranges(model, PREPROCESSING, photos, photos.items)

    highest = []
    with Session(model) as session:
        for item in photos:
            pixels = to_pixels(photos.load(item), PREPROCESSING)
            highest.append(session.run(normalize(pixels, PREPROCESSING)[None])[0].max())
    (low, high) = list(ranges.values())[-1]
    assert low == 0
    assert high == pytest.approx(np.mean(highest), rel=1e-5)


def test_ranges_are_means_over_images(photos: ImageSet, model: Path) -> None:
    together = mean_ranges(model, PREPROCESSING, photos, photos.items)
    alone = [mean_ranges(model, PREPROCESSING, photos, [item]) for item in photos]

    for name, (low, high) in together.items():
        assert low == pytest.approx(np.mean([one[name][0] for one in alone]), abs=1e-6)
        assert high == pytest.approx(np.mean([one[name][1] for one in alone]), rel=1e-6)


def test_every_operations_output_is_observed_and_holds_zero(photos: ImageSet, model: Path) -> None:
    ranges = mean_ranges(model, PREPROCESSING, photos, photos.items)

    # Convolution, mean, fully connected, softmax.
    assert len(ranges) == 4
    assert all(low <= 0 <= high for low, high in ranges.values())
    assert any(low < 0 for low, _ in ranges.values())


def test_integer_model_is_refused(photos: ImageSet, model: Path) -> None:
    model.write_bytes(classifier("uint8"))

    with pytest.raises(ModelError, match="computes in integers") as caught:
        mean_ranges(model, PREPROCESSING, photos, photos.items)

    assert "float" in caught.value.hint


def test_model_of_another_size_is_refused(photos: ImageSet, model: Path) -> None:
    with pytest.raises(ModelError, match="shape"):
        mean_ranges(model, ImagePreprocessing(width=9, height=9), photos, photos.items)
