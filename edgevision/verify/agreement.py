"""How far a model's answers are from those of its float original, on the same images."""

from dataclasses import dataclass

import numpy as np

from edgevision.metrics.classification import agreement, top_k_accuracy
from edgevision.metrics.divergence import mean_kl
from edgevision.metrics.rate import Rate
from edgevision.predictions import Predictions


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassDrop:
    """What one class lost."""

    label: int
    ours: Rate
    """Share of the class's images that our model gets right."""
    reference: Rate

    @property
    def drop(self) -> float:
        """Points of recall lost, as a share: 0.1 is ten points; negative when it gained."""
        return self.reference.value - self.ours.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A model beside its reference."""

    images: int
    agreement: Rate
    """Same top-1 class as the reference."""
    mean_kl: float
    """Mean divergence from the reference's probabilities, in nats."""
    top1: tuple[Rate, Rate] | None
    """(ours, reference) accuracy; None without labels."""
    top5: tuple[Rate, Rate] | None
    """As `top1`; None without labels, or with fewer than six classes, where it says nothing."""
    class_drops: tuple[ClassDrop, ...]
    """Of the classes that have images, the largest loss first; empty without labels."""


def compare(ours: Predictions, reference: Predictions) -> Comparison:
    """`ours` beside `reference`.

    Raises:
        ValueError: they are not about the same images, or have other classes.
    """
    if ours.ids != reference.ids:
        message = "the two models were not run on the same images"
        raise ValueError(message)
    if ours.scores.shape != reference.scores.shape:
        message = (
            f"one model has {ours.scores.shape[1]} classes, the other {reference.scores.shape[1]}"
        )
        raise ValueError(message)
    top1 = top5 = None
    if reference.labels is not None:
        labels = reference.labels
        top1 = (top_k_accuracy(ours.scores, labels), top_k_accuracy(reference.scores, labels))
        if ours.scores.shape[1] > 5:
            top5 = (
                top_k_accuracy(ours.scores, labels, k=5),
                top_k_accuracy(reference.scores, labels, k=5),
            )
    return Comparison(
        images=len(ours.ids),
        agreement=agreement(ours.scores, reference.scores),
        mean_kl=mean_kl(ours.probabilities(), reference.probabilities()),
        top1=top1,
        top5=top5,
        class_drops=_class_drops(ours, reference),
    )


def _class_drops(ours: Predictions, reference: Predictions) -> tuple[ClassDrop, ...]:
    labels = reference.labels
    if labels is None:
        return ()
    drops = []
    for label in np.unique(labels):
        own = labels == label
        count = int(own.sum())
        drops.append(
            ClassDrop(
                label=int(label),
                ours=Rate(hits=int((ours.top1[own] == label).sum()), count=count),
                reference=Rate(hits=int((reference.top1[own] == label).sum()), count=count),
            )
        )
    return tuple(sorted(drops, key=lambda drop: (-drop.drop, drop.label)))
