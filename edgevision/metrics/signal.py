"""How far numbers are apart that mean no class: noise in dB, cosine, error in the output's unit."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgevision.tensors import FloatArray

PerImage = NDArray[np.float64]
"""(images,)"""


def sqnr_db(reference: FloatArray, ours: FloatArray) -> float:
    """Signal to quantization noise ratio in dB: 10 log10(sum ref^2 / sum (ref - ours)^2)."""
    signal = float(np.square(reference, dtype=np.float64).sum())
    noise = float(np.square(np.subtract(reference, ours, dtype=np.float64)).sum())
    return decibels(signal, noise)


def decibels(signal: float, noise: float) -> float:
    """10 log10(signal / noise): inf without noise, -inf for noise without a signal."""
    if noise <= 0:
        return math.inf
    return 10 * math.log10(signal / noise) if signal > 0 else -math.inf


def noise_share(expected: NDArray[Any], actual: NDArray[Any]) -> float:
    """Power of the difference as a share of the expected values' power; the power if that is 0."""
    power = float(np.square(expected, dtype=np.float64).sum())
    difference = float(np.square(actual - expected, dtype=np.float64).sum())
    return difference / power if power > 0 else difference


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Differences:
    """What one output differs by, image by image; each (images,)."""

    signal: PerImage
    """Sum of squares of the reference."""
    noise: PerImage
    """Sum of squares of the difference."""
    cosine: PerImage
    """-1 to 1; 1 for two zero vectors, 0 for a zero vector beside another."""
    mean_error: PerImage
    """Mean absolute error, in the output's unit."""
    max_error: PerImage
    """Largest absolute error, in the output's unit."""

    variation: PerImage
    """Sum of squares of the reference without its mean over the images: what tells them apart."""


def differences(ours: NDArray[Any], reference: NDArray[Any]) -> Differences:
    """`ours` against `reference`, both (images, ...); one image is widened to float64 at a time."""
    images = len(reference)
    found = np.zeros((6, images))
    middle = np.mean(reference, axis=0, dtype=np.float64).ravel() if images else np.zeros(0)
    for row in range(images):
        b = np.asarray(reference[row], np.float64).ravel()
        a = np.asarray(ours[row], np.float64).ravel()
        error = np.abs(a - b)
        power_a, power_b = float(a @ a), float(b @ b)
        norm = math.sqrt(power_a) * math.sqrt(power_b)
        if norm:
            # Rounding can carry the cosine of equals just past 1.
            cosine = min(1.0, max(-1.0, float(a @ b) / norm))
        else:
            cosine = 1.0 if power_a == power_b else 0.0
        found[:, row] = (
            power_b,
            float(error @ error),
            cosine,
            error.mean() if error.size else 0.0,
            error.max(initial=0.0),
            float(np.square(b - middle).sum()),
        )
    signal, noise, cosines, mean_error, max_error, variation = found
    return Differences(
        signal=signal,
        noise=noise,
        cosine=cosines,
        mean_error=mean_error,
        max_error=max_error,
        variation=variation,
    )
