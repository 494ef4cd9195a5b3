"""What tasks measure: evaluations against truth, agreement with a reference, paired changes."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from edgevision.metrics.estimate import Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One named figure."""

    name: str
    """For JSON and the command line: "top1", "macro_f1"."""
    title: str
    """For people: "top-1 accuracy"."""
    estimate: Estimate
    unit: str = "share"
    """ "share": 0 to 1, shown as percent. Else as it is written: "dB", "nats", "px"; empty for a
    plain number, or in the unit of the model's output."""
    higher_is_better: bool = True
    short: str = ""
    """Heading of a column, where the title is too long for one: "top-1"."""

    @property
    def heading(self) -> str:
        """What a column or a line of it begins with."""
        return self.short or self.title


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassRow:
    """One class's figures."""

    label: int
    name: str
    support: int
    """How often it is there: images for a classifier, objects for a detector."""
    figures: Mapping[str, float] = field(hash=False)
    """In the order to be shown: {"precision": ..., "recall": ..., "f1": ...}; NaN where nothing
    was there to be counted."""


class _Measured:
    """What has figures, the headline first."""

    __slots__ = ()
    metrics: tuple[Metric, ...]

    @property
    def headline(self) -> Metric:
        """The one figure, if it has to be one."""
        return self.metrics[0]

    def metric(self, name: str) -> Metric | None:
        """The figure of that name; None when it says nothing here (top5 of four classes)."""
        return next((one for one in self.metrics if one.name == name), None)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evaluation(_Measured):
    """A model's marks on one annotated image set."""

    images: int
    metrics: tuple[Metric, ...]
    """The headline first: what a drop is measured in."""
    classes: tuple[ClassRow, ...] = ()
    """In index order; empty for a task without classes."""
    confusion: NDArray[np.int64] | None = None
    """(classes, classes) counts: row is the truth, column the answer; None where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one model said about one image, in short."""

    text: str
    """For people: "cat 0.91"."""
    label: int | None = None
    """Its class; None from a task without one class an image."""
    score: float | None = None
    """Of that class, 0..1."""
    other_score: float | None = None
    """What it gives to the class that the other model answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """An image on which a model decides otherwise than its reference."""

    index: int
    """Row in the `Answers`."""
    id: str
    surety: float
    """How sure the reference was: the surer, the worse the flip."""
    reference: Verdict
    ours: Verdict
    truth: str | None = None
    """What is right, for people; None when unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement(_Measured):
    """How far a model answers as its reference does, on the same images; needs no truth."""

    images: int
    metrics: tuple[Metric, ...]
    """The headline first. Its unit is "share" only where answers are decisions that can be the
    same; a task of numbers has decibels there, and no percentage to be held to."""
    meaning: str
    """The headline in words: "same top-1 class as the reference"."""
    flips: tuple[Flip, ...] = ()
    """Images answered otherwise, surest first; empty where answers are no decisions."""
    doubts: tuple[str, ...] = ()
    """Sentences for what the figures may hide, such as one answer to all images; mostly none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassDrop:
    """What one class lost."""

    label: int
    name: str
    support: int
    reference: float
    """The class's figure under the reference: recall for classifiers, AP for labels."""
    ours: float

    @property
    def drop(self) -> float:
        """Lost, as a share: 0.1 is ten points; negative when it gained."""
        return self.reference - self.ours


@dataclass(frozen=True, slots=True, kw_only=True)
class Paired:
    """Whether a model really is worse than its reference: both on the same annotated images."""

    metric: str
    """Name of the evaluation's headline, which this is about."""
    drop: Estimate
    """How much of it is lost; above 0 is worse, whichever way the metric counts. The interval
    resamples images, both models' answers together."""
    p_value: float | None
    """McNemar's exact test: how often chance alone makes the two so unlike; None where an image
    is not simply right or wrong."""
    images_for_a_point: int | None
    """Images needed to see one point of drop 4 times in 5 at 95 %; None where an image is not
    simply right or wrong, or when the two never differ, which says nothing of how often they
    would."""
    class_drops: tuple[ClassDrop, ...] = ()
    """Of the classes that are there, the largest loss first, gains (negative) last."""
