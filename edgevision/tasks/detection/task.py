"""The task of detectors that end in TFLite_Detection_PostProcess."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, NoReturn, Self

import numpy as np

from edgevision.errors import ModelError, UsageError
from edgevision.metrics.signal import noise_share
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.tasks.answer import LabelledItem, LabelledItems
from edgevision.tasks.answers import Answers
from edgevision.tasks.detection.agreement import agreement_of, name_of
from edgevision.tasks.detection.boxes import to_frame
from edgevision.tasks.detection.ssd import SsdOutputs, find_ssd_outputs
from edgevision.tasks.drawing import draw_boxes, write_lines
from edgevision.tasks.figures import Agreement, Evaluation, Paired
from edgevision.tasks.interface import Condensed, FrameSize, ModelInterface, Outputs
from edgevision.tasks.loss import OutputLoss
from edgevision.tasks.spec import TaskSpec
from edgevision.tensors import RgbImage


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundObjects(LabelledItems):
    """Objects in the picture, best first."""

    def draw(self, picture: RgbImage, notes: Sequence[str] = ()) -> RgbImage:
        """Boxes with their labels; the notes from the top left."""
        canvas = picture.copy()
        draw_boxes(canvas, self.items, self.frame)
        write_lines(canvas, notes)
        return canvas


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """Labelled boxes, from the four outputs of the SSD post-processing: `build` makes it.

    Options: `threshold`, from which a box is an object; `top_k`, how many `decode` reports.
    """

    truth: ClassVar[None] = None
    label_count: ClassVar[int] = 0
    options: ClassVar[tuple[str, ...]] = ("threshold", "top_k")

    spec: TaskSpec
    outputs: SsdOutputs
    preprocessing: ImagePreprocessing
    names: tuple[str, ...]
    top_k: int
    threshold: float

    @classmethod
    def build(cls, spec: TaskSpec, model: ModelInterface) -> Self:
        """The detector with these labels, `threshold` (0.5) and `top_k` (100)."""
        spec.refuse_unknown_options(cls.options)
        outputs = find_ssd_outputs(model.outputs)
        if model.preprocessing is None:
            message = "boxes have a place in the picture only once the preprocessing is known"
            raise ModelError(message, hint="declare it with --preprocess")
        # Label maps of the COCO models begin with a placeholder that the model does not count.
        names = spec.labels
        has_placeholder = bool(names) and names[0].strip().lower() in {"???", "background"}
        return cls(
            spec=spec,
            outputs=outputs,
            preprocessing=model.preprocessing,
            names=names[1:] if has_placeholder else names,
            top_k=spec.count("top_k", 100),
            threshold=spec.fraction("threshold", 0.5),
        )

    def condense(self, outputs: Outputs) -> Condensed:
        """((n, 6) rows,): top, left, bottom, right in 0..1 of the input, class, score."""
        return Condensed((self.outputs.rows(outputs),))

    def decode(self, condensed: Condensed, frame: FrameSize) -> FoundObjects:
        """The `top_k` objects at or above the threshold, best first; boxes in frame pixels."""
        rows = condensed[0]
        # A threshold of 0 must not let rows through that are no boxes.
        chosen = rows[(rows[:, 5] >= self.threshold) & (rows[:, 5] >= 0)]
        chosen = chosen[np.argsort(-chosen[:, 5], kind="stable")][: self.top_k]
        corners = to_frame(chosen[:, :4], frame, self.preprocessing)
        items = tuple(
            LabelledItem(
                index=int(row[4]),
                label=name_of(int(row[4]), self.names),
                score=float(row[5]),
                xyxy=(float(box[0]), float(box[1]), float(box[2]), float(box[3])),
            )
            for row, box in zip(chosen, corners, strict=True)
        )
        return FoundObjects(frame=frame, items=items)

    def evaluate(self, answers: Answers) -> Evaluation:  # noqa: ARG002 - as Task
        """Not measured yet."""
        _refuse()

    def agreement(self, ours: Answers, reference: Answers) -> Agreement:
        """F1 of objects that both find at the threshold: same class, IoU at least 0.5."""
        return agreement_of(ours, reference, threshold=self.threshold, names=self.names)

    def paired(self, ours: Answers, reference: Answers) -> Paired:  # noqa: ARG002 - as Task
        """Not measured yet."""
        _refuse()

    def losses(self) -> tuple[OutputLoss, ...]:
        """The noise's share of the signal's power, of every output alike."""
        return tuple(
            OutputLoss(output=at, before_activation=False, function=noise_share) for at in range(4)
        )


def _refuse() -> NoReturn:
    message = "the accuracy of detectors (average precision) is not measured yet"
    raise UsageError(message, hint="compare it with its float original: edgevision verify")
