"""What a model answered on a set of images: scores, and the labels when they are known."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgevision.tensors import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictions:
    """Scores of one model on one image set, rows in the set's order."""

    ids: tuple[str, ...]
    """Item ids, one a row."""
    scores: FloatArray
    """(images, classes) real values: probabilities, or logits when the model ends without softmax.
    A model with one output has two columns here: 1 - p and p, with p after the sigmoid."""
    labels: NDArray[np.int64] | None
    """(images,) class indices; None for an unlabelled set."""

    def __post_init__(self) -> None:
        if self.scores.ndim != 2 or len(self.scores) != len(self.ids):
            message = f"scores {self.scores.shape} do not fit {len(self.ids)} images"
            raise ValueError(message)
        if self.labels is not None and self.labels.shape != (len(self.ids),):
            message = f"labels {self.labels.shape} do not fit {len(self.ids)} images"
            raise ValueError(message)

    @property
    def top1(self) -> NDArray[np.int64]:
        """(images,) index of the highest score; the lowest index among equals."""
        answers: NDArray[np.int64] = self.scores.argmax(axis=1).astype(np.int64)
        return answers

    def probabilities(self) -> FloatArray:
        """(images, classes) rows that sum to 1; logits go through softmax."""
        return as_probabilities(self.scores)


def as_probabilities(scores: FloatArray) -> FloatArray:
    """Rows that sum to 1: `scores` divided by their sum when all lie in 0..1, else their softmax.

    The rows of an int8 softmax over many classes sum to anything from 0.5 to 1.1, because each
    value is rounded to 1/256; so it is the range that tells probabilities from logits.
    """
    # 2 % of room above 1: the largest value of an int8 output is not always exactly 1.
    if scores.min(initial=0.0) >= 0 and scores.max(initial=0.0) <= 1.02:
        sums = scores.sum(axis=1, keepdims=True)
        # A row of zeros (every class below half a step) says nothing about any class.
        even = np.full_like(scores, 1 / max(1, scores.shape[1]))
        return np.asarray(np.divide(scores, sums, out=even, where=sums > 0), np.float32)
    shifted = scores - scores.max(axis=1, keepdims=True)
    exponentials = np.exp(shifted)
    return np.asarray(exponentials / exponentials.sum(axis=1, keepdims=True), np.float32)
