"""Boxes: their overlap, their matching, and from the model's input back to the picture."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.preprocess.pixels import place
from edgevision.tasks.interface import FrameSize
from edgevision.tensors import FloatArray


def to_frame(boxes: FloatArray, frame: FrameSize, preprocessing: ImagePreprocessing) -> FloatArray:
    """(n, 4) top, left, bottom, right in 0..1 of the input -> xyxy in pixels of the frame."""
    width, height = frame.width, frame.height
    spot = place(width, height, preprocessing)
    x: Any = boxes[:, [1, 3]] * preprocessing.width
    y: Any = boxes[:, [0, 2]] * preprocessing.height
    x = (x - spot.left) * spot.source_width / spot.width + spot.source_left
    y = (y - spot.top) * spot.source_height / spot.height + spot.source_top
    x, y = x.clip(0, width), y.clip(0, height)
    return np.stack([x[:, 0], y[:, 0], x[:, 1], y[:, 1]], axis=1).astype(np.float32)


def iou(a: FloatArray, b: FloatArray) -> NDArray[np.float64]:
    """(len(a), len(b)) intersection over union of boxes with corners low, low, high, high.

    Either order of the axes will do, and any scale of each: the ratio does not change.
    """
    low = np.maximum(a[:, None, :2], b[None, :, :2]).astype(np.float64)
    high = np.minimum(a[:, None, 2:], b[None, :, 2:]).astype(np.float64)
    both = (high - low).clip(0).prod(axis=2)
    areas = [(one[:, 2:] - one[:, :2]).clip(0).astype(np.float64).prod(axis=1) for one in (a, b)]
    union = areas[0][:, None] + areas[1][None, :] - both
    shares: NDArray[np.float64] = np.divide(both, union, out=np.zeros_like(both), where=union > 0)
    return shares


def match(
    overlap: NDArray[np.float64], same_class: NDArray[np.bool_], *, at_least: float
) -> tuple[tuple[int, int], ...]:
    """Pairs (row, column) of boxes of one class that overlap enough; each box in one pair at most.

    Rows choose in their order, the surest first, each its largest overlap that is free, as COCO's
    evaluation does.
    """
    free = np.where(same_class, overlap, -1.0)
    pairs = []
    for row in range(free.shape[0]):
        column = int(free[row].argmax()) if free.shape[1] else -1
        if column >= 0 and free[row, column] >= at_least:
            pairs.append((row, column))
            free[:, column] = -1.0
    return tuple(pairs)
