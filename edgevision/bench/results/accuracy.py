"""How right a model answers beside the first one, and what so many images can prove."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgevision.metrics.classification import (
    agreement,
    class_reports,
    confusion_matrix,
    macro_f1,
    top_k_accuracy,
)
from edgevision.metrics.divergence import mean_kl
from edgevision.predictions import Predictions

_RESAMPLES = 2000
_MOST_FLIPS = 24
"""Flipped images kept in a result: a gallery, not the data set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A figure measured on a sample of images, with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassDrop:
    """One class under both models."""

    label: int
    images: int
    recall_before: float
    recall: float

    @property
    def drop(self) -> float:
        """Share of the class's images lost; negative when more are right than before."""
        return self.recall_before - self.recall


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """An image on which the two models give different answers."""

    id: str
    label: int | None
    answer_before: int
    answer: int
    probability_before: float
    """Of its own answer, by the first model."""
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A model against the first one, image by image."""

    base: str
    agreement: Estimate
    mean_kl: float
    """Mean KL(first || this), nats."""
    drop: Estimate | None
    """Top-1 accuracy lost, a share of the images; the interval comes from resampling images."""
    p_value: float | None
    """McNemar's exact test: how often chance alone makes the two so unlike in accuracy."""
    images_for_a_point: int | None
    """Images needed to see one point of drop 4 times in 5 at 95 %; None without labels, or when
    the two never differ, which says nothing of how often they would."""
    class_drops: tuple[ClassDrop, ...]
    """Worst first, classes that lost only."""
    flips: tuple[Flip, ...]
    """The surest ones first, at most 24."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy:
    """One model on one image set; figures that need labels are None without them."""

    images: int
    top1: Estimate | None
    top5: Estimate | None
    """None with five classes or fewer, where it says nothing."""
    macro_f1: Estimate | None
    confusion: tuple[tuple[int, ...], ...] | None
    """Rows are labels, columns answers; None above 50 classes, where nobody reads it."""
    change: Change | None
    """None for the first model."""


def accuracy_of(predictions: Predictions, *, seed: int = 0) -> Accuracy:
    """Accuracy of one model, with Wilson intervals for rates and a bootstrap for F1."""
    scores, labels = predictions.scores, predictions.labels
    count, classes = scores.shape
    if labels is None or not count:
        return Accuracy(
            images=count, top1=None, top5=None, macro_f1=None, confusion=None, change=None
        )
    top1, top5 = top_k_accuracy(scores, labels, 1), top_k_accuracy(scores, labels, 5)
    counts = confusion_matrix(labels, predictions.top1, classes)
    return Accuracy(
        images=count,
        top1=Estimate(value=top1.value, low=top1.interval[0], high=top1.interval[1]),
        top5=Estimate(value=top5.value, low=top5.interval[0], high=top5.interval[1])
        if classes > 5
        else None,
        macro_f1=_macro_f1(labels, predictions.top1, classes, seed),
        confusion=tuple(tuple(int(n) for n in row) for row in counts) if classes <= 50 else None,
        change=None,
    )


def change_between(base: str, before: Predictions, after: Predictions, *, seed: int = 0) -> Change:
    """`after` against `before`, both on the same images.

    Raises:
        ValueError: they are not predictions for the same images.
    """
    if before.ids != after.ids or before.scores.shape != after.scores.shape:
        message = "the two models were not asked about the same images and classes"
        raise ValueError(message)
    same = agreement(after.scores, before.scores)
    p_before, p_after = before.probabilities(), after.probabilities()
    labels = after.labels
    drop, p_value, needed = None, None, None
    drops: tuple[ClassDrop, ...] = ()
    if labels is not None and len(labels):
        lost = (before.top1 == labels).astype(np.int8) - (after.top1 == labels)
        drop = _bootstrap_mean(lost.astype(np.float64), seed)
        p_value = mcnemar(int((lost > 0).sum()), int((lost < 0).sum()))
        needed = images_to_see(float((lost != 0).mean()))
        drops = _class_drops(labels, before.top1, after.top1)
    return Change(
        base=base,
        agreement=Estimate(value=same.value, low=same.interval[0], high=same.interval[1]),
        mean_kl=mean_kl(p_after, p_before),
        drop=drop,
        p_value=p_value,
        images_for_a_point=needed,
        class_drops=drops,
        flips=_flips(before, after, p_before, p_after),
    )


def mcnemar(lost: int, won: int) -> float:
    """Two-sided exact p-value for `lost` images against `won` ones, if both were as likely.

    Source: McNemar 1947, Psychometrika 12; the exact form is the binomial test at one half.
    """
    count, fewer = lost + won, min(lost, won)
    tail = sum(math.comb(count, k) for k in range(fewer + 1))
    return min(1.0, 2 * tail / (1 << count))


def images_to_see(differing: float, drop: float = 0.01) -> int | None:
    """Images needed to show a `drop` in accuracy at 95 % confidence with 80 % chance.

    `differing` is the share of images on which exactly one of the two models is right: what the
    drop has to stand out from. None when it is 0.

    Source: the paired normal approximation, Connor 1987, Biometrics 43.
    """
    if differing <= 0:
        return None
    # At least the drop itself must differ, or there would be none to see.
    share = max(differing, drop)
    return math.ceil(
        (1.959964 * math.sqrt(share) + 0.841621 * math.sqrt(share - drop**2)) ** 2 / drop**2
    )


def _bootstrap_mean(values: NDArray[np.float64], seed: int) -> Estimate:
    chance = np.random.default_rng(seed)
    # Only three values occur, so resampling images is drawing their counts.
    levels, counts = np.unique(values, return_counts=True)
    drawn = chance.multinomial(len(values), counts / len(values), size=_RESAMPLES)
    means = drawn @ levels / len(values)
    low, high = np.percentile(means, [2.5, 97.5])
    return Estimate(value=float(values.mean()), low=float(low), high=float(high))


def _macro_f1(
    labels: NDArray[np.int64], answers: NDArray[np.int64], classes: int, seed: int
) -> Estimate:
    whole = confusion_matrix(labels, answers, classes)
    value = macro_f1(class_reports(whole))
    chance = np.random.default_rng(seed)
    drawn = []
    present = np.flatnonzero(whole)
    shares = whole.ravel()[present] / len(labels)
    for counts in chance.multinomial(len(labels), shares, size=_RESAMPLES // 10):
        resampled = np.zeros(classes * classes, np.int64)
        resampled[present] = counts
        drawn.append(_fast_macro_f1(resampled.reshape(classes, classes)))
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Estimate(value=value, low=float(low), high=float(high))


def _fast_macro_f1(counts: NDArray[np.int64]) -> float:
    # What `macro_f1(class_reports(counts))` gives, without an object for each of 1000 classes.
    total = counts.sum(axis=0) + counts.sum(axis=1)
    there = total > 0
    return float((2 * np.diag(counts)[there] / total[there]).mean())


def _class_drops(
    labels: NDArray[np.int64], before: NDArray[np.int64], after: NDArray[np.int64]
) -> tuple[ClassDrop, ...]:
    drops = []
    for label in np.unique(labels):
        own = labels == label
        drops.append(
            ClassDrop(
                label=int(label),
                images=int(own.sum()),
                recall_before=float((before[own] == label).mean()),
                recall=float((after[own] == label).mean()),
            )
        )
    return tuple(sorted((one for one in drops if one.drop > 0), key=lambda one: -one.drop))


def _flips(
    before: Predictions,
    after: Predictions,
    p_before: NDArray[np.float32],
    p_after: NDArray[np.float32],
) -> tuple[Flip, ...]:
    rows = np.flatnonzero(before.top1 != after.top1)
    sureness = p_before[rows].max(axis=1) + p_after[rows].max(axis=1)
    chosen = rows[np.argsort(-sureness, kind="stable")][:_MOST_FLIPS]
    return tuple(
        Flip(
            id=after.ids[row],
            label=None if after.labels is None else int(after.labels[row]),
            answer_before=int(before.top1[row]),
            answer=int(after.top1[row]),
            probability_before=float(p_before[row, before.top1[row]]),
            probability=float(p_after[row, after.top1[row]]),
        )
        for row in chosen
    )
