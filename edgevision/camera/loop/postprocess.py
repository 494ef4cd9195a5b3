"""Reading a model's output tensors: the best classes, or the boxes of found objects."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from edgevision.camera.loop.result import Answer
from edgevision.errors import ModelError
from edgevision.predictions import as_probabilities
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.preprocess.pixels import place
from edgevision.runtime.session import TensorSpec
from edgevision.tensors import FloatArray

Activation = Literal["softmax", "logits", "sigmoid"]


Outputs: TypeAlias = tuple[NDArray[Any], ...]
"""Copies of a model's output tensors after one run, in the model's order."""


class Reader(Protocol):
    """Reads the answers about a frame of the given size from what the model said of it.

    Knows the model but not its session, so that any thread may read while the model runs again.
    """

    def __call__(self, outputs: Outputs, width: int, height: int) -> tuple[Answer, ...]:
        """Answers, best first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerFilter:
    """Which answers are reported."""

    top_k: int
    """At most so many."""
    threshold: float
    """Only scores of at least this, 0..1."""


class ClassReader:
    """The best classes of a model with one output row of scores."""

    def __init__(
        self,
        spec: TensorSpec,
        labels: Sequence[str],
        answer_filter: AnswerFilter,
        activation: Activation | None,
    ) -> None:
        """Prepare to read the output `spec`.

        Raises:
            ModelError: the labels do not fit the number of classes.
        """
        self._spec = spec
        self._filter = answer_filter
        self._activation = activation
        count = int(np.prod(self._spec.shape))
        classes = 2 if count == 1 else count
        if labels and len(labels) not in {classes, classes - 1}:
            message = f"there are {len(labels)} labels for {classes} classes"
            raise ModelError(message, hint="give the right list with --labels")
        self._labels = _labels_for(labels, classes)

    def __call__(
        self,
        outputs: Outputs,
        width: int,  # noqa: ARG002 - as Reader
        height: int,  # noqa: ARG002
    ) -> tuple[Answer, ...]:
        """The `top_k` classes at or above the threshold, best first."""
        scores = self.scores(outputs[0])
        count = min(self._filter.top_k, len(scores))
        best = np.argpartition(-scores, count - 1)[:count]
        # Among equal scores the lower index first, as argmax has it.
        ordered = sorted(best.tolist(), key=lambda index: (-scores[index], index))
        return tuple(
            Answer(index=index, label=self._labels[index], score=float(scores[index]))
            for index in ordered
            if scores[index] >= self._filter.threshold
        )

    def scores(self, output: NDArray[Any]) -> FloatArray:
        """(classes,) probabilities."""
        real = self._spec.to_real(output).reshape(-1)
        if len(real) == 1:
            p = real[0] if self._activation != "logits" else 1 / (1 + np.exp(-real[0]))
            return np.array([1 - p, p], np.float32)
        if self._activation in {"softmax", "sigmoid"}:
            return real
        if self._activation is None:
            probabilities: FloatArray = as_probabilities(real[None])[0]
            return probabilities
        exponentials = np.exp(real - real.max())
        return np.asarray(exponentials / exponentials.sum(), np.float32)


class BoxReader:
    """Objects from the four outputs of TFLite_Detection_PostProcess: boxes, classes, scores, count.

    Source: tensorflow/lite/kernels/detection_postprocess.cc
    """

    def __init__(
        self,
        specs: Sequence[TensorSpec],
        preprocessing: ImagePreprocessing,
        labels: Sequence[str],
        answer_filter: AnswerFilter,
    ) -> None:
        """Find which of the outputs `specs` is which.

        Raises:
            ModelError: the outputs are not those four.
        """
        self._specs = tuple(specs)
        self._preprocessing = preprocessing
        self._filter = answer_filter
        self._boxes, self._classes, self._scores, self._count = _detection_outputs(self._specs)
        # Label maps of the COCO models begin with a placeholder that the model does not count.
        has_placeholder = bool(labels) and labels[0].strip().lower() in {"???", "background"}
        self._labels = tuple(labels[1:] if has_placeholder else labels)

    def __call__(self, outputs: Outputs, width: int, height: int) -> tuple[Answer, ...]:
        """The `top_k` objects at or above the threshold, best first; boxes in frame pixels."""
        real = [spec.to_real(output) for spec, output in zip(self._specs, outputs, strict=True)]
        scores = real[self._scores].reshape(-1)
        count = min(len(scores), max(0, int(real[self._count].reshape(-1)[0])))
        chosen = np.flatnonzero(scores[:count] >= self._filter.threshold)
        if not len(chosen):
            return ()
        chosen = chosen[np.argsort(-scores[chosen], kind="stable")][: self._filter.top_k]
        boxes = real[self._boxes].reshape(-1, 4)[chosen]
        classes = real[self._classes].reshape(-1)[chosen]
        corners = self._to_frame(boxes, width, height)
        return tuple(
            Answer(
                index=int(index),
                label=self._label(int(index)),
                score=float(scores[row]),
                xyxy=(float(box[0]), float(box[1]), float(box[2]), float(box[3])),
            )
            for row, index, box in zip(chosen, classes, corners, strict=True)
        )

    def _to_frame(self, boxes: FloatArray, width: int, height: int) -> FloatArray:
        """(n, 4) top, left, bottom, right in 0..1 of the input -> xyxy in pixels of the frame."""
        spot = place(width, height, self._preprocessing)
        x: Any = boxes[:, [1, 3]] * self._preprocessing.width
        y: Any = boxes[:, [0, 2]] * self._preprocessing.height
        x = (x - spot.left) * spot.source_width / spot.width + spot.source_left
        y = (y - spot.top) * spot.source_height / spot.height + spot.source_top
        x, y = x.clip(0, width), y.clip(0, height)
        return np.stack([x[:, 0], y[:, 0], x[:, 1], y[:, 1]], axis=1).astype(np.float32)

    def _label(self, index: int) -> str:
        return self._labels[index] if 0 <= index < len(self._labels) else f"class {index}"


def is_detector(specs: Sequence[TensorSpec]) -> bool:
    """Whether the outputs look like those of detection post-processing."""
    return len(specs) == 4 and any(_holds_boxes(spec) for spec in specs)


def _holds_boxes(spec: TensorSpec) -> bool:
    return len(spec.shape) == 3 and spec.shape[-1] == 4


def _detection_outputs(specs: Sequence[TensorSpec]) -> tuple[int, int, int, int]:
    """Where boxes, classes, scores and count are, in whichever order the exporter wrote them."""
    boxes = [at for at, spec in enumerate(specs) if _holds_boxes(spec)]
    counts = [
        at for at, spec in enumerate(specs) if len(spec.shape) < 2 and np.prod(spec.shape) == 1
    ]
    rows = [at for at in range(len(specs)) if at not in boxes and at not in counts]
    if len(boxes) != 1 or len(counts) != 1 or len(rows) != 2:
        shapes = ", ".join(str(spec.shape) for spec in specs)
        message = f"outputs {shapes} are not boxes, classes, scores and a count"
        raise ModelError(message, hint="a detector needs TFLite_Detection_PostProcess inside")
    # TF 1 writes boxes, classes, scores, count; TF 2 scores, boxes, count, classes. Source:
    # google-coral/pycoral, adapters/detect.py.
    is_tf1 = boxes[0] == 0
    classes, scores = rows if is_tf1 else reversed(rows)
    return boxes[0], classes, scores, counts[0]


def _labels_for(labels: Sequence[str], classes: int) -> tuple[str, ...]:
    if len(labels) == classes:
        return tuple(labels)
    if len(labels) == 1:
        # One sigmoid output: how much it is the one thing it knows.
        return (f"not {labels[0]}", labels[0])
    if labels:
        # ImageNet models of TensorFlow's first zoo have "background" before the 1000 classes.
        return ("background", *labels)
    return tuple(f"class {index}" for index in range(classes))
