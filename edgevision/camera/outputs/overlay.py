"""The picture that viewers see: the frame with what was found in it, as a JPEG."""

import cv2
import numpy as np

from edgevision.camera.loop.result import FrameResult
from edgevision.camera.sources.frame import Frame, Image

_LONGEST_SIDE = 960
"""Wider pictures are scaled down first: a viewer looks, the log records."""


def draw(result: FrameResult, frame: Frame, *, longest_side: int = _LONGEST_SIDE) -> Image:
    """A new BGR picture: the frame with the answer drawn on it, and how old it was."""
    picture = frame.unpack()
    height, width = picture.shape[:2]
    scale = min(1.0, longest_side / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    rgb = small if frame.order == "rgb" else cv2.cvtColor(small, cv2.COLOR_BGR2RGB)
    drawn = result.answer.draw(np.asarray(rgb, np.uint8), (f"{result.age_ms:.0f} ms",))
    return np.asarray(cv2.cvtColor(drawn, cv2.COLOR_RGB2BGR), np.uint8)


def encode(picture: Image, *, quality: int = 80) -> bytes:
    """A BGR picture as JPEG."""
    is_done, encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not is_done:
        message = f"OpenCV cannot encode a picture of shape {picture.shape}"
        raise ValueError(message)
    return encoded.tobytes()
