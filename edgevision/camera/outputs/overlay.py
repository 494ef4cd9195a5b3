"""The picture that viewers see: the frame with what was found in it, as a JPEG."""

import cv2
import numpy as np

from edgevision.camera.loop.result import Result
from edgevision.camera.sources.frame import Frame, Image

_INK, _SHADE = (255, 255, 255), (40, 40, 40)
_BOX = (80, 220, 80)
_LONGEST_SIDE = 960
"""Wider pictures are scaled down first: a viewer looks, the log records."""


def draw(result: Result, frame: Frame, *, longest_side: int = _LONGEST_SIDE) -> Image:
    """A new BGR picture: boxes, the best answers, and how old the frame was."""
    picture = frame.unpack()
    height, width = picture.shape[:2]
    scale = min(1.0, longest_side / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    upright = small if frame.order == "bgr" else cv2.cvtColor(small, cv2.COLOR_RGB2BGR)
    canvas = np.asarray(upright, np.uint8)
    for answer in result.answers:
        if answer.xyxy is not None:
            left, top, right, bottom = (round(side * scale) for side in answer.xyxy)
            cv2.rectangle(canvas, (left, top), (right, bottom), _BOX, 2)
            _write(canvas, f"{answer.label} {answer.score:.2f}", left + 4, top + 16)
    lines = [
        f"{answer.label} {answer.score:.2f}" for answer in result.answers if answer.xyxy is None
    ]
    for row, line in enumerate([*lines, f"{result.age_ms:.0f} ms"]):
        _write(canvas, line, 8, 20 + 20 * row)
    return canvas


def encode(picture: Image, *, quality: int = 80) -> bytes:
    """A BGR picture as JPEG."""
    is_done, encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not is_done:
        message = f"OpenCV cannot encode a picture of shape {picture.shape}"
        raise ValueError(message)
    return encoded.tobytes()


def _write(canvas: Image, text: str, left: int, bottom: int) -> None:
    # OpenCV's built-in font has ASCII only; other letters would come out as "???".
    plain = text.encode("ascii", "replace").decode()
    for color, thickness in ((_SHADE, 3), (_INK, 1)):
        cv2.putText(canvas, plain, (left, bottom), cv2.FONT_HERSHEY_SIMPLEX, 0.5, color, thickness)
