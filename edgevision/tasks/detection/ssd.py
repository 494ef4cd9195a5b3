"""The four outputs of TFLite_Detection_PostProcess: boxes, classes, scores and a count.

Source: tensorflow/lite/kernels/detection_postprocess.cc
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgevision.errors import ModelError
from edgevision.tasks.interface import OutputInterface, Outputs, listed_shapes
from edgevision.tensors import FloatArray

NO_BOX = -1.0
"""Score of a row beyond the count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SsdOutputs:
    """Which of a model's outputs is which."""

    boxes: int
    """(1, n, 4): top, left, bottom, right in 0..1 of the input."""
    classes: int
    """(1, n)"""
    scores: int
    """(1, n), 0..1."""
    count: int
    """One number: rows of the others that mean something."""

    def rows(self, outputs: Outputs) -> FloatArray:
        """(n, 6): top, left, bottom, right, class, score; `NO_BOX` scores beyond the count."""
        scores = np.array(outputs[self.scores].reshape(-1), np.float32)
        scores[max(0, int(outputs[self.count].reshape(-1)[0])) :] = NO_BOX
        classes = outputs[self.classes].reshape(-1)
        boxes = outputs[self.boxes].reshape(-1, 4)
        return np.column_stack([boxes, classes, scores]).astype(np.float32)


def find_ssd_outputs(outputs: Sequence[OutputInterface]) -> SsdOutputs:
    """Where boxes, classes, scores and count are, in whichever order the exporter wrote them.

    Raises:
        ModelError: the outputs are not those four.
    """
    boxes = [at for at, one in enumerate(outputs) if len(one.shape) == 3 and one.shape[-1] == 4]
    counts = [at for at, one in enumerate(outputs) if len(one.shape) < 2 and one.size == 1]
    rows = [at for at in range(len(outputs)) if at not in boxes and at not in counts]
    if len(boxes) != 1 or len(counts) != 1 or len(rows) != 2:
        shapes = listed_shapes(tuple(outputs))
        message = f"outputs {shapes} are not boxes, classes, scores and a count"
        raise ModelError(message, hint="a detector needs TFLite_Detection_PostProcess inside")
    # TF 1 writes boxes, classes, scores, count; TF 2 scores, boxes, count, classes. Source:
    # google-coral/pycoral, adapters/detect.py.
    classes, scores = rows if boxes[0] == 0 else reversed(rows)
    return SsdOutputs(boxes=boxes[0], classes=classes, scores=scores, count=counts[0])
