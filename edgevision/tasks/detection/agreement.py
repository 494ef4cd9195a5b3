"""Two detectors on the same images: which of the objects that one finds the other finds too."""

from dataclasses import dataclass

import numpy as np

from edgevision.metrics.bootstrap import bootstrap_ratio
from edgevision.metrics.estimate import Estimate
from edgevision.tasks.answers import Answers
from edgevision.tasks.detection.boxes import iou, match
from edgevision.tasks.figures import Agreement, Flip, Metric, Verdict
from edgevision.tensors import FloatArray

SAME_OBJECT = 0.5
"""Overlap (IoU) from which two boxes of one class are one object: Pascal VOC's, and COCO's AP50."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Compared:
    matched: int
    ours: int
    reference: int
    overlap: float
    """Sum over matched pairs."""
    surest_ours: int
    """Row of the surest box of ours that the reference has not; -1 for none."""
    surest_reference: int


def agreement_of(
    ours: Answers, reference: Answers, *, threshold: float, names: tuple[str, ...]
) -> Agreement:
    """F1 of objects matched at the threshold, the reference's as truth; their mean overlap.

    Both hold (images, boxes, 6) rows of top, left, bottom, right, class and score.
    """
    pairs = list(zip(ours.condensed[0], reference.condensed[0], strict=True))
    confident = [(_sure(a, threshold), _sure(b, threshold)) for a, b in pairs]
    found = [_compare(a, b) for a, b in confident]
    matched = np.array([one.matched for one in found])
    found_by_either = np.array([one.ours + one.reference for one in found])
    return Agreement(
        images=len(ours),
        metrics=(
            Metric(
                name="agreement",
                title="F1 of matched boxes",
                short="agreement",
                estimate=_f1(matched, found_by_either),
            ),
            Metric(
                name="mean_iou",
                title="mean IoU of matched boxes",
                short="mean IoU",
                estimate=bootstrap_ratio(np.array([one.overlap for one in found]), matched),
            ),
        ),
        meaning=f"objects found by both at score {threshold:g}: same class, IoU at least "
        f"{SAME_OBJECT:g} (F1)",
        flips=_flips(ours, confident, found, names),
    )


def _f1(matched: np.ndarray, found_by_either: np.ndarray) -> Estimate:
    if len(found_by_either) and not found_by_either.sum():
        # Nothing found by either: as much agreement as there can be, on nothing.
        return Estimate(value=1.0, low=0.0, high=1.0, count=len(found_by_either))
    return bootstrap_ratio(2 * matched, found_by_either)


def _sure(rows: FloatArray, threshold: float) -> FloatArray:
    confident = rows[rows[:, 5] >= threshold]
    return confident[np.argsort(-confident[:, 5], kind="stable")]


def _compare(a: FloatArray, b: FloatArray) -> _Compared:
    overlap = iou(a[:, :4], b[:, :4])
    pairs = match(overlap, a[:, 4][:, None] == b[:, 4][None, :], at_least=SAME_OBJECT)
    return _Compared(
        matched=len(pairs),
        ours=len(a),
        reference=len(b),
        overlap=float(sum(overlap[pair] for pair in pairs)),
        surest_ours=_first_without({row for row, _ in pairs}, len(a)),
        surest_reference=_first_without({column for _, column in pairs}, len(b)),
    )


def _first_without(matched: set[int], count: int) -> int:
    return next((row for row in range(count) if row not in matched), -1)


def _flips(
    ours: Answers,
    confident: list[tuple[FloatArray, FloatArray]],
    found: list[_Compared],
    names: tuple[str, ...],
) -> tuple[Flip, ...]:
    flips = []
    for row, ((a, b), one) in enumerate(zip(confident, found, strict=True)):
        if one.surest_ours < 0 and one.surest_reference < 0:
            continue
        mine, theirs = _verdict(a, one.surest_ours, names), _verdict(b, one.surest_reference, names)
        surety = max(mine.score or 0.0, theirs.score or 0.0)
        flips.append(Flip(index=row, id=ours.ids[row], surety=surety, reference=theirs, ours=mine))
    return tuple(sorted(flips, key=lambda flip: (-flip.surety, flip.id)))


def _verdict(rows: FloatArray, at: int, names: tuple[str, ...]) -> Verdict:
    if at < 0:
        return Verdict(text="no other")
    label, score = int(rows[at, 4]), float(rows[at, 5])
    return Verdict(text=f"{name_of(label, names)} {score:.2f}", label=label, score=score)


def name_of(label: int, names: tuple[str, ...]) -> str:
    """The name of a class, numbered where there is none: the op does not tell how many it knows."""
    return names[label] if 0 <= label < len(names) else f"class {label}"
