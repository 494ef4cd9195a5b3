"""What a task measured on a file, as the figures of its model card."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace

from edgevision.card.card import Figure, Figures
from edgevision.evaluation.compare import Comparison
from edgevision.tasks.figures import Agreement, Evaluation, Metric

_WITH_FIELDS = frozenset({"top1", "top5", "agreement", "mean_kl"})
"""Metrics that have a field of their own, which readers of cards know."""


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
            accuracy=_value(evaluation, "top1"),
            top5=_value(evaluation, "top5"),
            metrics=tuple(_others(evaluation.metrics, "truth")),
        )
    if comparison is None:
        return figures
    agreement, reference = comparison.agreement, comparison.reference
    return replace(
        figures,
        agreement=_value(agreement, "agreement"),
        mean_kl=_value(agreement, "mean_kl"),
        float_accuracy=None if reference is None else _value(reference, "top1"),
        float_top5=None if reference is None else _value(reference, "top5"),
        float_size_bytes=float_bytes,
        metrics=(*figures.metrics, *_others(agreement.metrics, "float")),
    )


def _value(found: Evaluation | Agreement, name: str) -> float | None:
    metric = found.metric(name)
    return None if metric is None else metric.estimate.value


def _others(metrics: Iterable[Metric], reference: str) -> Iterator[Figure]:
    for metric in metrics:
        if metric.name not in _WITH_FIELDS:
            value = metric.estimate.value
            yield Figure(
                name=metric.name,
                value=value if math.isfinite(value) else None,
                unit=metric.unit,
                reference=reference,
            )
