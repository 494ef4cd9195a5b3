"""What an integer input says of a model's normalization, and the map left for the graph."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edgevision.preprocess.image_preprocessing import ImagePreprocessing

Float64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Affine:
    """y = factor * u + shift, one pair per channel."""

    factor: Float64
    shift: Float64

    @property
    def is_identity(self) -> bool:
        """Whether y = u."""
        return bool((self.factor == 1).all() and (self.shift == 0).all())


def pixel_preprocessing(preprocessing: ImagePreprocessing) -> ImagePreprocessing:
    """The normalization by one whole pixel nearest to `preprocessing`: u = (pixel - mean) / std.

    An integer input tensor has one scale (1/std) and one zero point (mean), so this is what it can
    say about itself; `remainder` is what is left for the graph.
    """
    mean = float(np.clip(np.rint(np.mean(preprocessing.channel_mean)), 0, 255))
    return replace(preprocessing, mean=(mean,), std=(float(np.mean(preprocessing.channel_std)),))


def remainder(preprocessing: ImagePreprocessing, held: ImagePreprocessing) -> Affine:
    """The map from what `held` normalizes pixels to, to what `preprocessing` does."""
    std = np.asarray(preprocessing.channel_std, np.float64)
    held_std = np.asarray(held.channel_std, np.float64)
    offset = np.asarray(held.channel_mean, np.float64) - np.asarray(preprocessing.channel_mean)
    return Affine(factor=held_std / std, shift=offset / std)
