"""What a task measured on a file, as the figures of its model card."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace

from edgevision.card.card import Figure, Figures
from edgevision.evaluation.compare import Comparison
from edgevision.tasks.figures import Agreement, Evaluation, Metric

_WITH_FIELDS = {
    "truth": {"top1": "share", "top5": "share"},
    "float": {"agreement": "share", "mean_kl": "nats"},
}
"""Metrics that have a field of their own, which readers of cards know, by what they are measured
against; and their unit, since another task may call something else so."""


def card_figures(
    name: str,
    images: int,
    evaluation: Evaluation | None,
    comparison: Comparison | None,
    *,
    float_bytes: int,
) -> Figures:
    """The figures of a file.

    Args:
        name: of the image set.
        images: in it.
        evaluation: of this file; None without truth.
        comparison: with the float file; None for that file itself.
        float_bytes: size of the float file.
    """
    figures = Figures(evaluation=name, images=images)
    if evaluation is not None:
        figures = replace(
            figures,
            accuracy=_field(evaluation, "truth", "top1"),
            top5=_field(evaluation, "truth", "top5"),
            metrics=tuple(_others(evaluation.metrics, "truth")),
        )
    if comparison is None:
        return figures
    agreement, reference = comparison.agreement, comparison.reference
    return replace(
        figures,
        agreement=_field(agreement, "float", "agreement"),
        mean_kl=_field(agreement, "float", "mean_kl"),
        float_accuracy=None if reference is None else _field(reference, "truth", "top1"),
        float_top5=None if reference is None else _field(reference, "truth", "top5"),
        float_size_bytes=float_bytes,
        metrics=(*figures.metrics, *_others(agreement.metrics, "float")),
    )


def _field(found: Evaluation | Agreement, reference: str, name: str) -> float | None:
    metric = found.metric(name)
    return metric.estimate.value if metric is not None and _has_field(metric, reference) else None


def _has_field(metric: Metric, reference: str) -> bool:
    return _WITH_FIELDS[reference].get(metric.name) == metric.unit


def _others(metrics: Iterable[Metric], reference: str) -> Iterator[Figure]:
    for metric in metrics:
        if not _has_field(metric, reference):
            value = metric.estimate.value
            yield Figure(
                name=metric.name,
                value=value if math.isfinite(value) else None,
                unit=metric.unit,
                reference=reference,
            )
