"""Evaluations, agreements and paired changes read back from their JSON shape (`document`).

What the shape leaves out is not there again: classes without images, flips beyond the first 24,
and whether a null was nothing to measure or had no bound.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgevision.metrics.estimate import Estimate
from edgevision.serialization.decode import from_plain
from edgevision.serialization.limits import OWN, Limits
from edgevision.tasks.figures import (
    Agreement,
    ClassDrop,
    ClassRow,
    Evaluation,
    Flip,
    Metric,
    Paired,
    Verdict,
)

_MOST_CLASSES = 4096
"""As many as an evaluation makes a confusion matrix of; a stranger's file may name any number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Estimate:
    value: float | None = None
    low: float | None = None
    high: float | None = None
    hits: int | None = None
    count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Metric(_Estimate):
    title: str = ""
    short: str = ""
    unit: str = "share"
    higher_is_better: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class _Class:
    label: int
    name: str
    support: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cell:
    label: int
    answer: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Evaluation:
    images: int
    headline: str
    metrics: dict[str, _Metric]
    classes: tuple[dict[str, str | int | float | None], ...] = ()
    confusion: tuple[_Cell, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Flip:
    id: str
    surety: float
    reference: Verdict
    ours: Verdict
    truth: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Agreement:
    images: int
    headline: str
    metrics: dict[str, _Metric]
    meaning: str = ""
    flips: tuple[_Flip, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Paired:
    metric: str
    drop: _Estimate
    p_value: float | None = None
    images_for_a_point: int | None = None
    class_drops: tuple[ClassDrop, ...] = ()


def read_evaluation(plain: object, *, where: str, limits: Limits = OWN) -> Evaluation:
    """The evaluation that `document.evaluation_document` made `plain` of.

    Raises:
        UsageError: it is none.
    """
    found = from_plain(_Evaluation, plain, where=where, limits=limits)
    return Evaluation(
        images=found.images,
        metrics=_metrics(found.metrics, found.headline),
        classes=tuple(
            _class_row(row, f"{where}.classes[{at}]", limits)
            for at, row in enumerate(found.classes)
        ),
        confusion=None if found.confusion is None else _confusion(found.confusion),
    )


def read_agreement(plain: object, *, where: str, limits: Limits = OWN) -> Agreement:
    """The agreement that `document.agreement_document` made `plain` of.

    Raises:
        UsageError: it is none.
    """
    found = from_plain(_Agreement, plain, where=where, limits=limits)
    return Agreement(
        images=found.images,
        metrics=_metrics(found.metrics, found.headline),
        meaning=found.meaning,
        flips=tuple(
            Flip(
                index=at,
                id=flip.id,
                surety=flip.surety,
                reference=flip.reference,
                ours=flip.ours,
                truth=flip.truth,
            )
            for at, flip in enumerate(found.flips)
        ),
    )


def read_paired(plain: object, *, where: str, limits: Limits = OWN) -> Paired:
    """The change that `document.paired_document` made `plain` of.

    Raises:
        UsageError: it is none.
    """
    found = from_plain(_Paired, plain, where=where, limits=limits)
    return Paired(
        metric=found.metric,
        drop=_estimate(found.drop),
        p_value=found.p_value,
        images_for_a_point=found.images_for_a_point,
        class_drops=found.class_drops,
    )


def _metrics(found: Mapping[str, _Metric], headline: str) -> tuple[Metric, ...]:
    metrics = [
        Metric(
            name=name,
            title=one.title or name,
            estimate=_estimate(one, at_most=math.inf if one.unit == "dB" else math.nan),
            unit=one.unit,
            higher_is_better=one.higher_is_better,
            short="" if one.short == one.title else one.short,
        )
        for name, one in found.items()
    ]
    # The headline stands first, whoever sorted the keys.
    return tuple(sorted(metrics, key=lambda one: one.name != headline))


def _estimate(found: _Estimate, *, at_most: float = math.nan) -> Estimate:
    has_ends = found.low is not None and found.high is not None
    return Estimate(
        value=at_most if found.value is None else found.value,
        low=found.low if has_ends else None,
        high=found.high if has_ends else None,
        hits=found.hits,
        count=found.count,
    )


def _class_row(row: Mapping[str, Any], where: str, limits: Limits) -> ClassRow:
    head = from_plain(_Class, dict(row), where=where, limits=limits)
    figures = {
        name: _known(value)
        for name, value in row.items()
        if name not in _Class.__dataclass_fields__ and not isinstance(value, str)
    }
    return ClassRow(label=head.label, name=head.name, support=head.support, figures=figures)


def _confusion(cells: Sequence[_Cell]) -> NDArray[np.int64] | None:
    places = [place for cell in cells for place in (cell.label, cell.answer)]
    if min(places, default=0) < 0 or max(places, default=0) >= _MOST_CLASSES:
        return None
    classes = 1 + max(places, default=-1)
    counts = np.zeros((classes, classes), np.int64)
    for cell in cells:
        counts[cell.label, cell.answer] = cell.count
    return counts


def _known(value: float | None) -> float:
    return math.nan if value is None else value
