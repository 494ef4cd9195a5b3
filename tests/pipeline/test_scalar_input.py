from pathlib import Path

import numpy as np
import pytest

from edgevision.convert.convert import convert
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.preprocess.normalize import normalize
from edgevision.preprocess.presets import PRESETS
from edgevision.quantize.transforms.scalar_normalization import with_scalar_normalization
from edgevision.runtime.session import Session


def test_normalization_per_channel_moves_into_the_graph_and_answers_stay(
    models: Path, tmp_path: Path
) -> None:
    path = convert(models / "colours.keras", tmp_path / "float.tflite").path
    torch = PRESETS["imagenet-torch"]
    preprocessing = ImagePreprocessing(width=16, height=16, mean=torch.mean, std=torch.std)
    content, scalar = with_scalar_normalization(path.read_bytes(), preprocessing)
    assert scalar.is_scalar
    pixels = np.random.default_rng(0).integers(0, 256, (16, 16, 3), np.uint8)
    with Session(path) as before, Session(content) as after:
        (expected,) = before.run(normalize(pixels, preprocessing)[None])
        (found,) = after.run(normalize(pixels, scalar)[None])
    assert found == pytest.approx(expected, rel=1e-4, abs=1e-5)


def test_a_scalar_normalization_changes_nothing() -> None:
    preprocessing = ImagePreprocessing(width=4, height=4, mean=(127.5,), std=(127.5,))
    assert with_scalar_normalization(b"untouched", preprocessing) == (b"untouched", preprocessing)
