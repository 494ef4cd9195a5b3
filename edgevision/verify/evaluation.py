"""How right a model is on labelled images: accuracy, F1 and who is taken for whom."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgevision.errors import ImageSetError
from edgevision.metrics.classification import (
    ClassReport,
    Labels,
    class_reports,
    confusion_matrix,
    macro_f1,
    top_k_accuracy,
)
from edgevision.metrics.rate import Rate
from edgevision.predictions import Predictions

_RESAMPLES = 1000
_SEED = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """A model's marks on one image set."""

    top1: Rate
    top5: Rate | None
    """None with fewer than six classes, where it says nothing."""
    confusion: NDArray[np.int64]
    """(classes, classes) counts: row is the label, column the answer."""
    classes: tuple[ClassReport, ...]
    macro_f1: float
    macro_f1_interval: tuple[float, float]
    """95 % bootstrap interval: images drawn again with replacement."""


def evaluate(predictions: Predictions) -> Evaluation:
    """The marks of `predictions`.

    Raises:
        ImageSetError: the images have no labels, or one that the model has no class for.
    """
    labels, classes = predictions.labels, predictions.scores.shape[1]
    if labels is None:
        message = "these images have no labels, so there is nothing to be right about"
        raise ImageSetError(
            message, hint="one folder a class, or a labels.csv; or --against another model"
        )
    if len(labels) and int(labels.max()) >= classes:
        message = f"the images have a label {int(labels.max())}, the model has {classes} classes"
        raise ImageSetError(
            message, hint="labels count from 0, in the order of the model's outputs"
        )
    answers = predictions.top1
    confusion = confusion_matrix(labels, answers, classes)
    reports = class_reports(confusion)
    return Evaluation(
        top1=top_k_accuracy(predictions.scores, labels),
        top5=top_k_accuracy(predictions.scores, labels, k=5) if classes > 5 else None,
        confusion=confusion,
        classes=reports,
        macro_f1=macro_f1(reports),
        macro_f1_interval=macro_f1_interval(labels, answers, classes),
    )


def macro_f1_interval(
    labels: Labels, answers: Labels, classes: int, *, resamples: int = _RESAMPLES
) -> tuple[float, float]:
    """95 % percentile bootstrap interval of macro F1, with a fixed seed.

    Source: Efron and Tibshirani 1993, "An Introduction to the Bootstrap", chapter 13.
    """
    if not len(labels):
        return 0.0, 1.0
    generator = np.random.default_rng(_SEED)
    scores = np.empty(resamples)
    for index in range(resamples):
        drawn = generator.integers(0, len(labels), len(labels))
        label, answer = labels[drawn], answers[drawn]
        # F1 = 2 hits / (images + answers); only counts per class are needed, not the matrix.
        hits = np.bincount(label[label == answer], minlength=classes)
        total = np.bincount(label, minlength=classes) + np.bincount(answer, minlength=classes)
        scores[index] = (2 * hits[total > 0] / total[total > 0]).mean()
    low, high = np.quantile(scores, [0.025, 0.975])
    return float(low), float(high)
