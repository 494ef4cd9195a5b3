"""Photos for golden files: drawn by our own code in integers, so that every machine draws alike.

Nothing symmetric: a picture that looks the same turned, mirrored or with colours swapped would
let exactly those mistakes through.
"""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from edgevision.dataset.decode import decode_image
from edgevision.tensors import RgbImage

LONGEST_SIDE = 320
"""Of a photo given by the user: goldens travel in the app."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    """One upright photo."""

    name: str
    """A plain word, for file names."""
    image: RgbImage


def draw(seed: int, width: int, height: int) -> RgbImage:
    """A colourful scene: gradients that differ by channel, discs, a checkerboard, some noise."""
    y, x = np.mgrid[0:height, 0:width].astype(np.int64)
    red = x * 255 // max(1, width - 1)
    green = y * 255 // max(1, height - 1)
    blue = (x * 3 + y * 7 + seed * 31) % 256
    scene = np.stack([red, green, blue], axis=-1)
    for index, colour in enumerate(((250, 40, 30), (20, 220, 90), (35, 60, 240))):
        center_x = width * (3 + 2 * index + seed % 3) // 12
        center_y = height * (7 - 2 * index + seed % 2) // 11
        radius = min(width, height) * (3 - index) // 13
        inside = (x - center_x) ** 2 + (y - center_y) ** 2 <= radius * radius
        scene[inside] = colour
    corner = (x > width * 2 // 3) & (y < height // 4)
    scene[corner & ((x // 2 + y // 3) % 2 == 0)] = (255, 255, 255)
    # A linear congruential generator: NumPy's random streams may change between versions.
    noise = ((x * 1103515245 + y * 12345 + seed * 2654435761) >> 7) % 23 - 11
    drawn: RgbImage = np.clip(scene + noise[..., None], 0, 255).astype(np.uint8)
    return drawn


def drawn_photos() -> tuple[Photo, ...]:
    """What is shipped when the user gives no photos: wide, tall and smaller than any input."""
    sizes = (("wide", 160, 107), ("tall", 99, 150), ("small", 31, 29))
    return tuple(
        Photo(name=name, image=draw(seed, width, height))
        for seed, (name, width, height) in enumerate(sizes)
    )


def load_photos(paths: tuple[Path, ...]) -> tuple[Photo, ...]:
    """The user's own photos, upright, shrunk to at most `LONGEST_SIDE`, named "photo0", ...

    Raises:
        ImageSetError: a file cannot be read as an image.
    """
    photos = []
    for index, path in enumerate(paths):
        image = decode_image(path)
        height, width = image.shape[:2]
        shrink = min(1.0, LONGEST_SIDE / max(width, height))
        if shrink < 1:
            size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
            image = cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.uint8)
        photos.append(Photo(name=f"photo{index}", image=image))
    return tuple(photos)
