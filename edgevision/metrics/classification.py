"""How right class scores are: top-k, confusion, precision, recall and F1."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgevision.metrics.bootstrap import Rows, bootstrap
from edgevision.metrics.estimate import Estimate
from edgevision.metrics.rate import Rate
from edgevision.tensors import FloatArray

Labels = NDArray[np.int64]
"""(images,) class indices."""


def top_k_accuracy(scores: FloatArray, labels: Labels, k: int = 1) -> Rate:
    """Share of images whose label is among the `k` highest scores.

    A tie counts for the label only when fewer than `k` scores are higher or equal and earlier,
    which is what argmax does for k = 1: a clipped int8 output does not win by ties.
    """
    own = np.take_along_axis(scores, labels[:, None], axis=1)
    earlier = np.arange(scores.shape[1])[None, :] < labels[:, None]
    ahead = ((scores > own) | ((scores == own) & earlier)).sum(axis=1)
    return Rate(hits=int((ahead < k).sum()), count=len(labels))


def agreement(ours: FloatArray, reference: FloatArray) -> Rate:
    """Share of images on which both have the same top-1."""
    same = ours.argmax(axis=1) == reference.argmax(axis=1)
    return Rate(hits=int(same.sum()), count=len(same))


def confusion_matrix(labels: Labels, answers: Labels, classes: int) -> NDArray[np.int64]:
    """(classes, classes) counts: row is the label, column the answer."""
    flat = np.bincount(labels * classes + answers, minlength=classes * classes)
    return flat.reshape(classes, classes).astype(np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassReport:
    """Precision, recall and F1 of one class; NaN where nothing was there to be counted."""

    label: int
    images: int
    precision: float
    recall: float
    f1: float


def class_reports(confusion: NDArray[np.int64]) -> tuple[ClassReport, ...]:
    """One report a class, from a confusion matrix with labels as rows."""
    return reports_of_counts(
        hits=np.diag(confusion), images=confusion.sum(axis=1), answers=confusion.sum(axis=0)
    )


def reports_of_counts(
    *, hits: NDArray[np.int64], images: NDArray[np.int64], answers: NDArray[np.int64]
) -> tuple[ClassReport, ...]:
    """One report a class, from what each (classes,) was found rightly, is there, and was found."""
    return tuple(
        ClassReport(
            label=label,
            images=there,
            precision=right / found if found else math.nan,
            recall=right / there if there else math.nan,
            f1=2 * right / (there + found) if there + found else math.nan,
        )
        for label, (right, there, found) in enumerate(
            zip(hits.tolist(), images.tolist(), answers.tolist(), strict=True)
        )
    )


def macro_f1(reports: tuple[ClassReport, ...]) -> float:
    """Mean F1 over the classes that occur among labels or answers; NaN when none does."""
    scores = [report.f1 for report in reports if not math.isnan(report.f1)]
    return sum(scores) / len(scores) if scores else math.nan


def macro_f1_estimate(labels: Labels, answers: Labels, classes: int) -> Estimate:
    """Macro F1 with its bootstrap interval over images."""

    def statistic(rows: Rows) -> float:
        label, answer = labels[rows], answers[rows]
        # F1 = 2 hits / (images + answers); only counts per class are needed, not the matrix.
        hits = np.bincount(label[label == answer], minlength=classes)
        total = np.bincount(label, minlength=classes) + np.bincount(answer, minlength=classes)
        return float((2 * hits[total > 0] / total[total > 0]).mean())

    return bootstrap(statistic, len(labels))
