"""Small pictures for tests: all different, written as files where a test wants them."""

from pathlib import Path

import cv2
import numpy as np

from edgevision.tensors import RgbImage


def picture(seed: int, *, width: int = 24, height: int = 16) -> RgbImage:
    """A noisy picture, another for each seed."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (height, width, 3), dtype=np.uint8)


def save(path: Path, image: RgbImage) -> Path:
    """Write `image` as `path`, whose ending says how; folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    is_written, content = cv2.imencode(path.suffix, image[..., ::-1])
    assert is_written
    path.write_bytes(content.tobytes())
    return path


def fill(folder: Path, names: list[str], *, seed: int = 0) -> Path:
    """Write a different picture for each name below `folder`; returns it."""
    for number, name in enumerate(names):
        save(folder / name, picture(1000 * seed + number))
    return folder
