"""Writing and boxes on pictures, for every task's `Answer.draw`."""

from collections.abc import Iterable, Sequence

import cv2

from edgevision.tasks.answer import LabelledItem
from edgevision.tasks.interface import FrameSize
from edgevision.tensors import RgbImage

_INK, _SHADE = (255, 255, 255), (40, 40, 40)
_BOX = (80, 220, 80)


def write_lines(canvas: RgbImage, lines: Sequence[str]) -> None:
    """Write `lines` from the top left corner of `canvas` down, in place."""
    for row, line in enumerate(lines):
        write(canvas, line, 8, 20 + 20 * row)


def draw_boxes(canvas: RgbImage, items: Iterable[LabelledItem], frame: FrameSize) -> None:
    """Draw the boxes of `items`, in pixels of `frame`, with their labels, in place."""
    height, width = canvas.shape[:2]
    across, down = width / frame.width, height / frame.height
    for item in items:
        if item.xyxy is None:
            continue
        left, right = (round(side * across) for side in item.xyxy[::2])
        top, bottom = (round(side * down) for side in item.xyxy[1::2])
        cv2.rectangle(canvas, (left, top), (right, bottom), _BOX, 2)
        write(canvas, str(item), left + 4, top + 16)


def write(canvas: RgbImage, text: str, left: int, bottom: int) -> None:
    """Write `text` from (left, bottom) on, white with a dark edge, in place."""
    # OpenCV's built-in font has ASCII only; other letters would come out as "???".
    plain = text.encode("ascii", "replace").decode()
    for color, thickness in ((_SHADE, 3), (_INK, 1)):
        cv2.putText(canvas, plain, (left, bottom), cv2.FONT_HERSHEY_SIMPLEX, 0.5, color, thickness)
