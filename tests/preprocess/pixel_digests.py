"""Digests of what preprocessing makes of one drawn picture: equal on every machine or wrong.

Runs without pytest, so that it can run where only the base is installed (aarch64, 32-bit ARM):
    python -m tests.preprocess.pixel_digests
"""

import hashlib
import sys

import cv2
import numpy as np

from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.preprocess.pixels import to_pixels
from edgevision.tensors import RgbImage

CASES: dict[str, tuple[int, int, ImagePreprocessing]] = {
    "down, stretch": (640, 480, ImagePreprocessing(width=224, height=224)),
    "down by an odd ratio": (299, 299, ImagePreprocessing(width=224, height=224)),
    "up": (32, 32, ImagePreprocessing(width=96, height=96)),
    "center-crop 0.875": (
        500,
        375,
        ImagePreprocessing(width=224, height=224, fit="center-crop", crop_fraction=0.875),
    ),
    "center-crop, wide input": (
        375,
        500,
        ImagePreprocessing(width=320, height=180, fit="center-crop", color="bgr"),
    ),
    "letterbox, padded": (
        641,
        359,
        ImagePreprocessing(width=320, height=320, fit="letterbox", pad=114),
    ),
    "letterbox, tall": (
        97,
        401,
        ImagePreprocessing(width=96, height=96, fit="letterbox", color="bgr"),
    ),
    "gray": (1280, 720, ImagePreprocessing(width=96, height=96, color="gray")),
    "one pixel": (1, 1, ImagePreprocessing(width=7, height=5)),
}
"""Photo width and height, and the contract it is fitted to."""

GOLDEN = {
    "down, stretch": "988408018271a22c",
    "down by an odd ratio": "e47c7ea46a6e3324",
    "up": "3e312874abf9fe3b",
    "center-crop 0.875": "92aef1ce256a5ff5",
    "center-crop, wide input": "cb7681ba6476da84",
    "letterbox, padded": "b9cbf7bc8b871714",
    "letterbox, tall": "3f743b5161dfc798",
    "gray": "8b2ff7e56c6b27fb",
    "one pixel": "28ca6c954ed4f0f8",
}


def drawing(width: int, height: int) -> RgbImage:
    """A picture with edges, ramps and fine texture, from integer arithmetic alone."""
    y, x = np.mgrid[0:height, 0:width].astype(np.int64)
    channels = (
        x * 255 // max(1, width - 1),
        (x * x // 7 + y * 13 + x * y // 5) % 256,
        np.where((x // 9 + y // 11) % 2, 235, 20) + (x * 31 + y * 17) % 16,
    )
    return np.stack(channels, axis=2).astype(np.uint8)


def digest(name: str) -> str:
    """Hex SHA-256 (first 16 digits) of the pixels of a case."""
    width, height, preprocessing = CASES[name]
    pixels = to_pixels(drawing(width, height), preprocessing)
    return hashlib.sha256(f"{pixels.shape}".encode() + pixels.tobytes()).hexdigest()[:16]


def main() -> int:
    """Compare all, name what differs."""
    wrong = [name for name in CASES if digest(name) != GOLDEN[name]]
    for name in wrong:
        sys.stderr.write(f"{name}: {digest(name)}, expected {GOLDEN[name]}\n")
    sys.stdout.write(f"OpenCV {cv2.__version__}: {len(CASES) - len(wrong)} of {len(CASES)} equal\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
