"""From an upright RGB photo to the pixels of the model's input: fit, resize, colour order.

The one implementation, used by calibration, evaluation, bench and camera; the Kotlin twin under
android_demo/ is held to it by golden files. All arithmetic is integer, so every machine agrees.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.tensors import Pixels, RgbImage


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Which part of the photo is used, and where in the input it lands; all in whole pixels."""

    source_left: int
    source_top: int
    source_width: int
    source_height: int
    left: int
    top: int
    width: int
    height: int


def place(image_width: int, image_height: int, preprocessing: ImagePreprocessing) -> Placement:
    """Where a photo of `image_width` x `image_height` goes in the input of `preprocessing`.

    Integer arithmetic with rounding half up, so that Python and Kotlin get the same numbers.
    """
    width, height = preprocessing.width, preprocessing.height
    if preprocessing.fit == "letterbox":
        # Compare cross products: exact where a ratio of floats is not.
        if image_width * height >= image_height * width:
            inner_width = width
            inner_height = max(1, (2 * image_height * width + image_width) // (2 * image_width))
        else:
            inner_height = height
            inner_width = max(1, (2 * image_width * height + image_height) // (2 * image_height))
        inner_width, inner_height = min(inner_width, width), min(inner_height, height)
        return Placement(
            source_left=0,
            source_top=0,
            source_width=image_width,
            source_height=image_height,
            left=(width - inner_width) // 2,
            top=(height - inner_height) // 2,
            width=inner_width,
            height=inner_height,
        )
    source_width, source_height = image_width, image_height
    if preprocessing.fit == "center-crop":
        if image_width * height > image_height * width:
            source_width = max(1, image_height * width // height)
        else:
            source_height = max(1, image_width * height // width)
        # Per mille would lose 0.875; 1/2^16 steps keep every fraction in use exactly enough.
        steps = round(preprocessing.crop_fraction * 65536)
        source_width = max(1, (source_width * steps + 32768) >> 16)
        source_height = max(1, (source_height * steps + 32768) >> 16)
    return Placement(
        source_left=(image_width - source_width) // 2,
        source_top=(image_height - source_height) // 2,
        source_width=source_width,
        source_height=source_height,
        left=0,
        top=0,
        width=width,
        height=height,
    )


def to_pixels(
    image: RgbImage, preprocessing: ImagePreprocessing, *, out: Pixels | None = None
) -> Pixels:
    """The (height, width, channels) pixels that `preprocessing` makes of `image`, 0-255.

    `out`, when given, receives them (a uint8 array of that shape), and nothing else of that size
    is allocated when fit is not letterbox.
    """
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        message = f"expected uint8 (height, width, 3), got {image.dtype} {image.shape}"
        raise ValueError(message)
    if out is None:
        out = np.empty(
            (preprocessing.height, preprocessing.width, preprocessing.channels), np.uint8
        )
    spot = place(image.shape[1], image.shape[0], preprocessing)
    part = image[
        spot.source_top : spot.source_top + spot.source_height,
        spot.source_left : spot.source_left + spot.source_width,
    ]
    whole = (spot.width, spot.height) == (preprocessing.width, preprocessing.height)
    if not whole:
        out[...] = preprocessing.pad
    target = out[spot.top : spot.top + spot.height, spot.left : spot.left + spot.width]
    if preprocessing.color == "rgb":
        _resize(part, spot, target)
        return out
    resized = np.empty((spot.height, spot.width, 3), np.uint8)
    _resize(part, spot, resized)
    if preprocessing.color == "bgr":
        target[...] = resized[..., ::-1]
    else:
        target[..., 0] = to_gray(resized)
    return out


GRAY_WEIGHTS = np.array([9798, 19235, 3735], np.uint32)
"""Of red, green and blue; they add up to 1 << `GRAY_SHIFT`."""
GRAY_ROUND = np.uint32(16384)
GRAY_SHIFT = np.uint32(15)


def to_gray(image: RgbImage) -> Pixels:
    """Luma of `image`, (height, width): (9798 R + 19235 G + 3735 B + 16384) >> 15, BT.601.

    The weights are OpenCV's own fixed-point ones; spelled out so that Kotlin can be equal.
    """
    luma = ((image * GRAY_WEIGHTS).sum(axis=-1, dtype=np.uint32) + GRAY_ROUND) >> GRAY_SHIFT
    gray: Pixels = luma.astype(np.uint8)
    return gray


def _resize(part: RgbImage, spot: Placement, target: Pixels) -> None:
    if part.shape[:2] == (spot.height, spot.width):
        target[...] = part
        return
    size, kernel = (spot.width, spot.height), cv2.INTER_LINEAR_EXACT
    if target.strides[1:] == (3, 1):
        # OpenCV writes into rows of any stride, so a letterboxed picture needs no array of its own.
        cv2.resize(part, size, target, interpolation=kernel)
    else:
        target[...] = cv2.resize(part, size, interpolation=kernel)
