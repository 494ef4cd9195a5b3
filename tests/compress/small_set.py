"""A training set that a small network learns in seconds: which quarter of the picture is bright."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgevision.compress.finetune.examples import Examples
from edgevision.preprocess.image_preprocessing import ImagePreprocessing

PREPROCESSING = ImagePreprocessing(width=8, height=8, fit="stretch", mean=(127.5,), std=(127.5,))


def pictures(count: int, seed: int = 0) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """(count, 8, 8, 3) pixels, and the number of the bright quarter."""
    random = np.random.default_rng(seed)
    labels = np.arange(count) % 4
    pixels = random.integers(0, 120, (count, 8, 8, 3))
    for picture, label in zip(pixels, labels, strict=True):
        row, column = divmod(int(label), 2)
        picture[4 * row : 4 * row + 4, 4 * column : 4 * column + 4] += 100
    return pixels.astype(np.uint8), labels


def examples(count: int = 96, *, labelled: bool = True) -> Examples:
    """The set in memory."""
    pixels, labels = pictures(count)
    return Examples(
        name="quarters",
        count=count,
        labels=labels if labelled else None,
        pixels=pixels.__getitem__,
        preprocessing=PREPROCESSING,
    )


def write_set(path: Path, count: int = 96) -> Path:
    """The set as an .npz file."""
    pixels, labels = pictures(count)
    np.savez(path, x=pixels, y=labels)
    return path
