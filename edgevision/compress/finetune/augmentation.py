"""Changing training images at random, the same way every time a run is repeated or resumed."""

import numpy as np
from numpy.typing import NDArray

from edgevision.compress.finetune.training import Augmentation
from edgevision.tensors import FloatArray


def augmented(
    batch: FloatArray, augmentation: Augmentation, random: np.random.Generator
) -> FloatArray:
    """A changed copy of `batch`, (n, height, width, channels); `batch` stays as it is."""
    if augmentation == "none":
        return batch
    count, height, width, _ = batch.shape
    flipped = random.random(count) < 0.5
    result = batch.copy()
    result[flipped] = result[flipped, :, ::-1]
    if augmentation == "flip":
        return result
    # Drawn for the whole batch, then gathered: one indexing instead of a loop over images.
    rows = _shifted(height, random.integers(-(height // 8), height // 8 + 1, count))
    columns = _shifted(width, random.integers(-(width // 8), width // 8 + 1, count))
    moved: FloatArray = result[np.arange(count)[:, None, None], rows[:, :, None], columns[:, None]]
    return moved


def _shifted(length: int, by: NDArray[np.int64]) -> NDArray[np.int64]:
    """(n, length) positions to read from, repeated at the border."""
    positions: NDArray[np.int64] = np.clip(np.arange(length) + by[:, None], 0, length - 1)
    return positions
