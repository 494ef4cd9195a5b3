"""Answers that are scores of labels: of a classifier, one label or many."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgevision.errors import ModelError
from edgevision.tasks.answer import LabelledItem, LabelledItems
from edgevision.tasks.drawing import write_lines
from edgevision.tasks.interface import OutputInterface
from edgevision.tensors import FloatArray, RgbImage
from edgevision.tflite.facts import Activation


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelScores(LabelledItems):
    """Labels of the whole picture, best first."""

    def draw(self, picture: RgbImage, notes: Sequence[str] = ()) -> RgbImage:
        """The labels and their scores as lines from the top left."""
        canvas = picture.copy()
        write_lines(canvas, [*self.lines, *notes])
        return canvas


def best_items(
    scores: FloatArray, labels: Sequence[str], *, top_k: int, threshold: float
) -> tuple[LabelledItem, ...]:
    """The `top_k` highest of (classes,) `scores` at or above `threshold`, best first."""
    count = min(top_k, len(scores))
    best = np.argpartition(-scores, count - 1)[:count]
    # Among equal scores the lower index first, as argmax has it.
    ordered = sorted(best.tolist(), key=lambda index: (-scores[index], index))
    return tuple(
        LabelledItem(index=index, label=labels[index], score=float(scores[index]))
        for index in ordered
        if scores[index] >= threshold
    )


def known_activation(declared: Activation | None, output: OutputInterface) -> Activation | None:
    """What an output's values are: as its last operator makes them, else as declared.

    None when neither tells.

    Raises:
        ModelError: the declaration contradicts a softmax or sigmoid in the file.
    """
    if output.maker in {"softmax", "sigmoid"}:
        if declared is not None and declared != output.activation:
            message = (
                f"output {output.name!r} is declared as {declared}, but a {output.maker} makes it"
            )
            raise ModelError(message, hint=f"declare it as {output.activation}, or not at all")
        return output.activation
    return declared or output.activation
