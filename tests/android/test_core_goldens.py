"""Python is held to the golden files that the Kotlin tests read, and so to Kotlin.

The mistakes below, put into Python, must show; android_demo/ci/mutants.txt does the same to
Kotlin.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevision import tensors
from edgevision.preprocess import normalize, pixels
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.tensors import FloatArray, RgbImage
from tests.android import core_goldens, layouts


def differing(folder: Path) -> set[str]:
    """Names of the golden files that Python would write differently now."""
    core_goldens.write(folder)
    fresh = {path.name: path.read_bytes() for path in folder.iterdir()}
    kept = {path.name: path.read_bytes() for path in core_goldens.FOLDER.iterdir()}
    return {name for name in fresh | kept if fresh.get(name) != kept.get(name)}


def test_golden_files_are_what_python_computes(tmp_path: Path) -> None:
    assert differing(tmp_path) == set()


def resize_with(method: int) -> Callable[..., Any]:
    original = cv2.resize

    def resize(image: RgbImage, size: tuple[int, int], *_: object, **__: int) -> RgbImage:
        resized: RgbImage = original(image, size, interpolation=method).astype(np.uint8)
        return resized.reshape(size[1], size[0], -1)

    return resize


@pytest.mark.parametrize("method", [cv2.INTER_LINEAR, cv2.INTER_AREA, cv2.INTER_NEAREST])
def test_another_resize_kernel_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: int
) -> None:
    monkeypatch.setattr(cv2, "resize", resize_with(method))
    assert "case00.pixels" in differing(tmp_path)


def test_flipped_rgb_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = pixels.to_pixels
    monkeypatch.setattr(
        core_goldens,
        "to_pixels",
        lambda image, preprocessing: original(image[..., ::-1], preprocessing),
    )
    assert "case00.pixels" in differing(tmp_path)


def test_skipped_normalization_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(preprocessing: ImagePreprocessing) -> tuple[FloatArray, FloatArray]:
        return np.ones(preprocessing.channels, np.float32), np.zeros(
            preprocessing.channels, np.float32
        )

    monkeypatch.setattr(normalize, "affine", nothing)
    assert {"case01.tensor", "case02.tensor"} <= differing(tmp_path)


def test_zero_point_off_by_one_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = tensors.quantize
    monkeypatch.setattr(normalize, "quantize", lambda *given: original(*given) + 1)
    assert "case02.tensor" in differing(tmp_path)


def test_rotation_the_other_way_round_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = layouts.rotate_upright
    monkeypatch.setattr(
        core_goldens, "rotate_upright", lambda image, rotation: original(image, -rotation % 360)
    )
    assert "case11.pixels" in differing(tmp_path)


def axis(source: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """First source index and weight (1/256) of the next one, for each output index."""
    scale = 1.0 / (size / source)
    position = scale * (np.arange(size) + 0.5) - 0.5
    below = np.floor(position).astype(int)
    inside = (below >= 0) & (below < source - 1)
    weight = np.where(inside, np.rint((position - below) * 256), 0).astype(int)
    return np.clip(below, 0, source - 1), weight


def reference(image: RgbImage, width: int, height: int) -> RgbImage:
    """What LinearExact.kt computes, in the plainest NumPy: exact sums, rounded once."""
    columns, right = axis(image.shape[1], width)
    rows, down = axis(image.shape[0], height)
    wide = image.astype(np.int64)
    next_column = np.minimum(columns + 1, image.shape[1] - 1)
    next_row = np.minimum(rows + 1, image.shape[0] - 1)
    across = wide[:, columns] * (256 - right)[None, :, None]
    across = across + wide[:, next_column] * right[None, :, None]
    summed = across[rows] * (256 - down)[:, None, None] + across[next_row] * down[:, None, None]
    rounded: RgbImage = ((summed + 32768) >> 16).astype(np.uint8)
    return rounded


sides = st.integers(1, 90)


@given(sides, sides, sides, sides, st.integers(0, 2**32 - 1))
def test_the_arithmetic_both_languages_share_is_opencvs(
    source: int, other: int, size: int, other_size: int, seed: int
) -> None:
    image = np.random.default_rng(seed).integers(0, 256, (other, source, 3), dtype=np.uint8)
    resized = cv2.resize(image, (size, other_size), interpolation=cv2.INTER_LINEAR_EXACT)
    expected = resized.reshape(other_size, size, 3)
    assert np.array_equal(reference(image, size, other_size), expected)


@pytest.mark.parametrize(
    ("source", "size"),
    [((1920, 1080), (224, 224)), ((1437, 1079), (299, 299)), ((97, 61), (513, 257))],
)
def test_the_same_holds_for_photos(source: tuple[int, int], size: tuple[int, int]) -> None:
    image = np.random.default_rng(0).integers(0, 256, (source[1], source[0], 3), dtype=np.uint8)
    expected = cv2.resize(image, size, interpolation=cv2.INTER_LINEAR_EXACT)
    assert np.array_equal(reference(image, *size), expected)
