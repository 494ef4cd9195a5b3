"""From an image file to upright RGB pixels, whatever the camera or program that wrote it."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edgevision.dataset.headers import claimed_pixels, what_is_missing
from edgevision.dataset.opencv_log import quiet_opencv
from edgevision.errors import ImageSetError
from edgevision.tensors import RgbImage

IMAGE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm"}
)
"""File endings taken for images, in lower case."""

MAX_PIXELS = 1 << 28
"""268 million: a larger picture is refused before it is decoded into gigabytes."""


def decode_image(path: Path) -> RgbImage:
    """Upright (height, width, 3) RGB pixels of an image file.

    The EXIF orientation is applied. Grey becomes three equal channels, 16 bits become 8
    (divided by 257), an alpha channel is dropped, CMYK is converted.

    Raises:
        ImageSetError: the file is missing, empty, damaged, cut short or not an image.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        message = f"cannot read {path}: {error.strerror}"
        raise ImageSetError(message, hint="check the path and its rights") from error
    return decode_bytes(content, str(path))


def decode_bytes(content: bytes, name: str) -> RgbImage:
    """As `decode_image`, from a file's content; `name` is used in errors."""
    if not content:
        raise ImageSetError(f"{name} is empty", hint="remove it or copy it again")
    if claimed_pixels(content) > MAX_PIXELS:
        raise _too_large(name, claimed_pixels(content))
    if fault := what_is_missing(content):
        raise ImageSetError(f"{name}: {fault}", hint="remove it from the set, or copy it again")
    pixels = _decode(content, name)
    if pixels.dtype == np.uint16:
        # 65535 / 257 = 255 exactly; rounding rather than dropping bits keeps white white.
        pixels = ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)
    if pixels.dtype != np.uint8:
        raise ImageSetError(
            f"{name} has {pixels.dtype} pixels", hint="save it with 8 or 16 bits per channel"
        )
    return cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB, pixels).astype(np.uint8, copy=False)


def _decode(content: bytes, name: str) -> NDArray[np.integer[Any] | np.floating[Any]]:
    encoded = np.frombuffer(content, np.uint8)
    try:
        with quiet_opencv():
            pixels = cv2.imdecode(encoded, cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH)
    except cv2.error as error:
        raise ImageSetError(f"{name} cannot be decoded: {error.err}") from error
    if pixels is None:
        raise ImageSetError(
            f"{name} is damaged or not an image", hint="remove it from the set, or save it again"
        )
    if pixels.shape[0] * pixels.shape[1] > MAX_PIXELS:
        raise _too_large(name, pixels.shape[0] * pixels.shape[1])
    return pixels


def _too_large(name: str, pixels: int) -> ImageSetError:
    return ImageSetError(
        f"{name} has {pixels / 1e6:.0f} million pixels, more than {MAX_PIXELS / 1e6:.0f} million",
        hint="save it smaller",
    )
