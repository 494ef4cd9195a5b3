"""The "accuracy" of results from before tasks: a classifier's, read as what it is called now."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgevision.bench.results.quality import Quality
from edgevision.metrics.estimate import Estimate
from edgevision.serialization.decode import from_plain
from edgevision.serialization.limits import OWN, Limits
from edgevision.tasks.figures import (
    Agreement,
    ClassDrop,
    Evaluation,
    Flip,
    Metric,
    Paired,
    Verdict,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _FirstEstimate:
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _FirstClassDrop:
    label: int
    images: int
    recall_before: float
    recall: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _FirstFlip:
    id: str
    label: int | None
    answer_before: int
    answer: int
    probability_before: float
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    base: str
    agreement: _FirstEstimate
    mean_kl: float
    drop: _FirstEstimate | None
    p_value: float | None
    images_for_a_point: int | None
    class_drops: tuple[_FirstClassDrop, ...]
    flips: tuple[_FirstFlip, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Accuracy:
    images: int
    top1: _FirstEstimate | None
    top5: _FirstEstimate | None
    macro_f1: _FirstEstimate | None
    confusion: tuple[tuple[int, ...], ...] | None
    change: _Change | None


def read_first_accuracy(
    plain: object, names: Sequence[str], *, where: str, limits: Limits = OWN
) -> Quality:
    """The quality that an "accuracy" of before says; `names` are those of the result's classes.

    Raises:
        UsageError: it is none.
    """
    found = from_plain(_Accuracy, plain, where=where, limits=limits)
    change = found.change
    return Quality(
        task="classification",
        images=found.images,
        evaluation=_evaluation(found),
        base=change.base if change is not None else None,
        agreement=_agreement(change, found.images, names) if change is not None else None,
        paired=_paired(change, found.images, names) if change is not None else None,
    )


def _evaluation(found: _Accuracy) -> Evaluation | None:
    figures = (
        ("top1", "top-1 accuracy", "top-1", found.top1),
        ("top5", "top-5 accuracy", "top-5", found.top5),
        ("macro_f1", "macro F1", "", found.macro_f1),
    )
    if found.top1 is None:
        return None
    is_square = found.confusion and {len(row) for row in found.confusion} == {len(found.confusion)}
    return Evaluation(
        images=found.images,
        metrics=tuple(
            Metric(name=name, title=title, short=short, estimate=_estimate(one, found.images))
            for name, title, short, one in figures
            if one is not None
        ),
        confusion=np.array(found.confusion, np.int64) if is_square else None,
    )


def _agreement(change: _Change, images: int, names: Sequence[str]) -> Agreement:
    same = _estimate(change.agreement, images)
    return Agreement(
        images=images,
        metrics=(
            Metric(name="agreement", title="top-1 agreement", short="agreement", estimate=same),
            Metric(
                name="mean_kl",
                title="mean KL divergence",
                short="mean KL",
                estimate=Estimate(value=change.mean_kl, count=images),
                unit="nats",
                higher_is_better=False,
            ),
        ),
        meaning="images with the same top-1 class as the reference",
        flips=tuple(_flip(at, one, names) for at, one in enumerate(change.flips)),
    )


def _flip(at: int, one: _FirstFlip, names: Sequence[str]) -> Flip:
    return Flip(
        index=at,
        id=one.id,
        surety=one.probability_before,
        reference=_verdict(one.answer_before, one.probability_before, names),
        ours=_verdict(one.answer, one.probability, names),
        truth=None if one.label is None else _name(one.label, names),
    )


def _verdict(label: int, score: float, names: Sequence[str]) -> Verdict:
    return Verdict(text=f"{_name(label, names)} {score:.2f}", label=label, score=score)


def _paired(change: _Change, images: int, names: Sequence[str]) -> Paired | None:
    if change.drop is None:
        return None
    return Paired(
        metric="top1",
        drop=_estimate(change.drop, images),
        p_value=change.p_value,
        images_for_a_point=change.images_for_a_point,
        class_drops=tuple(
            ClassDrop(
                label=one.label,
                name=_name(one.label, names),
                support=one.images,
                reference=one.recall_before,
                ours=one.recall,
            )
            for one in change.class_drops
        ),
    )


def _estimate(found: _FirstEstimate, images: int) -> Estimate:
    return Estimate(value=found.value, low=found.low, high=found.high, count=images)


def _name(label: int, names: Sequence[str]) -> str:
    return names[label] if 0 <= label < len(names) else f"class {label}"
