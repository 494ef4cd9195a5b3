"""How right a model is, and how much two models differ: pure functions over arrays."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgevision.tensors import FloatArray

Labels = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A share of `count` images, with its 95 % confidence interval."""

    hits: int
    count: int

    @property
    def value(self) -> float:
        """The share, 0 to 1; NaN when there are no images."""
        return self.hits / self.count if self.count else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson score interval at 95 %.

        Source: Wilson 1927, "Probable inference, the law of succession, and statistical
        inference", JASA 22(158).
        """
        if not self.count:
            return 0.0, 1.0
        z, n, p = 1.959964, self.count, self.value
        centre = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        # In floating point the ends can miss the share itself by a rounding at 0 % and 100 %.
        return max(0.0, min(p, centre - half)), min(1.0, max(p, centre + half))


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


def mean_kl(ours: FloatArray, reference: FloatArray) -> float:
    """Mean Kullback-Leibler divergence KL(reference || ours) over images, in nats.

    Both are (images, classes) probabilities. Ours are floored at 1e-6: an int8 softmax gives
    exact zeros, which would make it infinite.
    """
    p = np.asarray(reference, np.float64)
    q = np.maximum(np.asarray(ours, np.float64), 1e-6)
    terms = np.where(p > 0, p * (np.log(np.maximum(p, 1e-12)) - np.log(q)), 0.0)
    # Never negative, but for rounding.
    return max(0.0, float(terms.sum(axis=1).mean()))


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
    reports = []
    for label in range(len(confusion)):
        hits = int(confusion[label, label])
        images, answers = int(confusion[label].sum()), int(confusion[:, label].sum())
        total = images + answers
        reports.append(
            ClassReport(
                label=label,
                images=images,
                precision=hits / answers if answers else math.nan,
                recall=hits / images if images else math.nan,
                f1=2 * hits / total if total else math.nan,
            )
        )
    return tuple(reports)


def macro_f1(reports: tuple[ClassReport, ...]) -> float:
    """Mean F1 over the classes that occur among labels or answers; NaN when none does."""
    scores = [report.f1 for report in reports if not math.isnan(report.f1)]
    return sum(scores) / len(scores) if scores else math.nan


def sqnr_db(reference: FloatArray, ours: FloatArray) -> float:
    """Signal to quantization noise ratio in dB: 10 log10(sum ref^2 / sum (ref - ours)^2)."""
    signal = float(np.square(reference, dtype=np.float64).sum())
    noise = float(np.square(np.subtract(reference, ours, dtype=np.float64)).sum())
    if noise == 0:
        return math.inf
    return 10 * math.log10(signal / noise) if signal > 0 else -math.inf
