"""Pictures that carry the moment they were made: 32 blocks, black or white, of the clock's bits."""

import time

import cv2
import numpy as np
from numpy.typing import NDArray

BITS = 32


def clock_picture(width: int, height: int, now_ms: int) -> NDArray[np.uint8]:
    """(height, width, 3) BGR: the low 32 bits of `now_ms` in a band at the top, grey below."""
    picture = np.full((height, width, 3), 96, np.uint8)
    edges = np.linspace(0, width, BITS + 1).astype(int)
    for bit in range(BITS):
        picture[: height // 4, edges[bit] : edges[bit + 1]] = 255 * (now_ms >> bit & 1)
    left = now_ms // 8 % max(1, width - 8)
    picture[height // 2 :, left : left + 8] = (40, 200, 40)
    return picture


def read_clock(picture: NDArray[np.uint8]) -> int:
    """The milliseconds that the picture carries."""
    height, width = picture.shape[:2]
    edges = np.linspace(0, width, BITS + 1).astype(int)
    middle = (edges[:-1] + edges[1:]) // 2
    row = picture[height // 8, middle].mean(axis=-1) > 127
    return int(sum(int(bit) << index for index, bit in enumerate(row)))


def lag_ms(picture: NDArray[np.uint8]) -> int:
    """How old the picture is now, on this machine's monotonic clock."""
    return (time.monotonic_ns() // 1_000_000 - read_clock(picture)) & 0xFFFFFFFF


def clock_jpeg(width: int, height: int) -> bytes:
    """A picture of this moment as JPEG."""
    is_done, encoded = cv2.imencode(
        ".jpg", clock_picture(width, height, time.monotonic_ns() // 1_000_000)
    )
    assert is_done
    return encoded.tobytes()
