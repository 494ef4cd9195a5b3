"""The JSON shape of estimates, evaluations and comparisons, the same in every report.

Figures are numbers, shares 0 to 1. null stands for what JSON cannot say: nothing to measure (NaN),
or no bound (the signal to noise ratio of equal outputs). Keys are only ever added.
"""

import math
from collections.abc import Iterable
from typing import Any

from edgevision.evaluation.compare import Comparison
from edgevision.metrics.estimate import Estimate
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

MOST_FLIPS = 24
"""Flips listed: a gallery, not the data set."""


def estimate_document(estimate: Estimate) -> dict[str, Any]:
    """{"value", "low", "high", "hits", "count"}; "hits" only of a rate, else null."""
    return {
        "value": _number(estimate.value),
        "low": _number(estimate.low),
        "high": _number(estimate.high),
        "hits": estimate.hits,
        "count": estimate.count,
    }


def metrics_document(metrics: Iterable[Metric]) -> dict[str, Any]:
    """{name: the estimate, with "title", "unit", "higher_is_better"}, in the task's order."""
    return {
        one.name: {
            **estimate_document(one.estimate),
            "title": one.title,
            "unit": one.unit,
            "higher_is_better": one.higher_is_better,
        }
        for one in metrics
    }


def evaluation_document(evaluation: Evaluation) -> dict[str, Any]:
    """{"images", "headline", "metrics", "classes", "confusion"}.

    Of the classes those that are there; of the confusion matrix the cells that are not zero.
    """
    return {
        "images": evaluation.images,
        "headline": evaluation.headline.name,
        "metrics": metrics_document(evaluation.metrics),
        "classes": [_class(row) for row in evaluation.classes if row.support],
        "confusion": _confusion(evaluation),
    }


def agreement_document(agreement: Agreement, *, most_flips: int = MOST_FLIPS) -> dict[str, Any]:
    """{"images", "headline", "meaning", "metrics", "flip_count", "flips"}."""
    return {
        "images": agreement.images,
        "headline": agreement.headline.name,
        "meaning": agreement.meaning,
        "metrics": metrics_document(agreement.metrics),
        "flip_count": len(agreement.flips),
        "flips": [_flip(flip) for flip in agreement.flips[:most_flips]],
    }


def paired_document(paired: Paired) -> dict[str, Any]:
    """{"metric", "drop", "p_value", "images_for_a_point", "class_drops"}."""
    return {
        "metric": paired.metric,
        "drop": estimate_document(paired.drop),
        "p_value": paired.p_value,
        "images_for_a_point": paired.images_for_a_point,
        "class_drops": [_class_drop(one) for one in paired.class_drops],
    }


def comparison_document(comparison: Comparison, *, most_flips: int = MOST_FLIPS) -> dict[str, Any]:
    """{"images", "agreement", "ours", "reference", "paired"}; the last three null without truth."""
    ours, reference, paired = comparison.ours, comparison.reference, comparison.paired
    return {
        "images": comparison.images,
        "agreement": agreement_document(comparison.agreement, most_flips=most_flips),
        "ours": None if ours is None else evaluation_document(ours),
        "reference": None if reference is None else evaluation_document(reference),
        "paired": None if paired is None else paired_document(paired),
    }


def _class(row: ClassRow) -> dict[str, Any]:
    figures = {name: _number(value) for name, value in row.figures.items()}
    return {"label": row.label, "name": row.name, "support": row.support, **figures}


def _class_drop(one: ClassDrop) -> dict[str, Any]:
    return {
        "label": one.label,
        "name": one.name,
        "support": one.support,
        "reference": _number(one.reference),
        "ours": _number(one.ours),
        "drop": _number(one.drop),
    }


def _confusion(evaluation: Evaluation) -> list[dict[str, int]] | None:
    confusion = evaluation.confusion
    if confusion is None:
        return None
    labels, answers = confusion.nonzero()
    return [
        {"label": label, "answer": answer, "count": int(confusion[label, answer])}
        for label, answer in zip(labels.tolist(), answers.tolist(), strict=True)
    ]


def _flip(flip: Flip) -> dict[str, Any]:
    return {
        "id": flip.id,
        "surety": _number(flip.surety),
        "truth": flip.truth,
        "reference": _verdict(flip.reference),
        "ours": _verdict(flip.ours),
    }


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "text": verdict.text,
        "label": verdict.label,
        "score": _number(verdict.score),
        "other_score": _number(verdict.other_score),
    }


def _number(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
