"""Evaluations and comparisons as plain JSON values, the same in every report."""

import math
from dataclasses import asdict
from typing import Any

from edgevision.metrics.rate import Rate
from edgevision.verify.agreement import Comparison
from edgevision.verify.evaluation import Evaluation


def evaluation_document(evaluation: Evaluation) -> dict[str, Any]:
    """Marks as JSON values; of the confusion matrix only the cells that are not zero."""
    labels, answers = evaluation.confusion.nonzero()
    return {
        "top1": rate_document(evaluation.top1),
        "top5": rate_document(evaluation.top5),
        "macro_f1": {
            "value": evaluation.macro_f1,
            "interval": list(evaluation.macro_f1_interval),
        },
        "classes": [
            {name: _known(value) for name, value in asdict(report).items()}
            for report in evaluation.classes
            if report.images
        ],
        "confusion": [
            {
                "label": int(label),
                "answer": int(answer),
                "count": int(evaluation.confusion[label, answer]),
            }
            for label, answer in zip(labels, answers, strict=True)
        ],
    }


def comparison_document(comparison: Comparison) -> dict[str, Any]:
    """A comparison as JSON values; "top1" and "top5" are the reference's."""
    return {
        "agreement": rate_document(comparison.agreement),
        "mean_kl": comparison.mean_kl,
        "top1": rate_document(comparison.top1[1] if comparison.top1 else None),
        "top5": rate_document(comparison.top5[1] if comparison.top5 else None),
        "class_drops": [
            {
                "label": drop.label,
                "images": drop.ours.count,
                "recall": drop.ours.value,
                "reference_recall": drop.reference.value,
            }
            for drop in comparison.class_drops
        ],
    }


def _known(value: float) -> float | None:
    """`value`, with None for NaN, which JSON does not have."""
    return None if math.isnan(value) else value


def rate_document(rate: Rate | None) -> dict[str, Any] | None:
    """A share with its counts and its 95 % interval; None stays None."""
    if rate is None:
        return None
    return {
        "value": rate.value,
        "hits": rate.hits,
        "count": rate.count,
        "interval": list(rate.interval),
    }
