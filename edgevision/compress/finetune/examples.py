"""The images that a model is fine-tuned on: pixels by number, held in memory while they fit."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from edgevision.dataset.imageset import ImageSet
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.preprocess.normalize import normalize
from edgevision.preprocess.pixels import to_pixels
from edgevision.progress import Progress, silent
from edgevision.tensors import FloatArray, Pixels

Indices: TypeAlias = NDArray[np.int64]
"""Positions in an `Examples`."""

_KEPT_BYTES = 1 << 30
"""Pixels kept decoded: 7000 images of 224 x 224. Larger sets are decoded again every epoch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examples:
    """Images as a model's pixels, with labels when there are any."""

    name: str
    count: int
    labels: NDArray[np.int64] | None
    """(count,) class of each image; None when they are not known."""

    pixels: Callable[[int], Pixels]
    """The pixels of image i; raises ImageSetError when it cannot be read."""

    preprocessing: ImagePreprocessing
    """Turns pixels into what the model takes: (pixel - mean) / std."""

    def some(self, count: int, among: Indices, seed: int = 0) -> FloatArray:
        """At most `count` model inputs, chosen at random `among` these positions."""
        return self.batch(np.sort(np.random.default_rng(seed).permutation(among)[:count]))

    def batch(self, indices: Indices) -> FloatArray:
        """(n, height, width, channels) model inputs of these images."""
        return normalize(np.stack([self.pixels(int(i)) for i in indices]), self.preprocessing)


def examples_of(
    images: ImageSet, preprocessing: ImagePreprocessing, *, progress: Progress = silent
) -> Examples:
    """The images of a set, decoded now when all of them fit in memory and later when not.

    Raises:
        ImageSetError: an image cannot be read.
    """
    items = images.items
    indices = images.class_indices
    labels = None if indices is None else np.array(indices, np.int64)
    one = preprocessing.width * preprocessing.height * preprocessing.channels

    def decoded(index: int) -> Pixels:
        return to_pixels(images.load(items[index]), preprocessing)

    pixels: Callable[[int], Pixels] = decoded
    if one * len(items) <= _KEPT_BYTES:
        every = np.empty(
            (len(items), preprocessing.height, preprocessing.width, preprocessing.channels),
            np.uint8,
        )
        for index in range(len(items)):
            every[index] = decoded(index)
            progress(index + 1, len(items), "reading training images")
        pixels = every.__getitem__
    return Examples(
        name=images.name,
        count=len(items),
        labels=labels,
        pixels=pixels,
        preprocessing=preprocessing,
    )


def split(examples: Examples, held_out: float, seed: int) -> tuple[Indices, Indices]:
    """(training, held-out) positions; of every class the same share is held out.

    Args:
        examples: What to split.
        held_out: Share to hold out, above 0 and below 1.
        seed: The same seed always gives the same split.
    """
    random = np.random.default_rng(seed)
    order = random.permutation(examples.count)
    if examples.labels is not None:
        # Stable: within a class the order stays random; taking every k-th then spreads classes.
        order = order[np.argsort(examples.labels[order], kind="stable")]
    count = max(1, round(held_out * examples.count))
    chosen = np.zeros(examples.count, np.bool_)
    chosen[np.linspace(0, examples.count - 1, count).round().astype(int)] = True
    return np.sort(order[~chosen]), np.sort(order[chosen])
