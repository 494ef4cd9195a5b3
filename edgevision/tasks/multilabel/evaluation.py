"""A multi-label model's marks: average precision over all thresholds, F1 of its decisions."""

import numpy as np
from numpy.typing import NDArray

from edgevision.dataset.annotation import ClassLabels
from edgevision.errors import ImageSetError
from edgevision.metrics.average_precision import Ranking, mean_average_precision
from edgevision.metrics.bootstrap import Rows, bootstrap, bootstrap_ratio
from edgevision.metrics.classification import reports_of_counts
from edgevision.tasks.answers import Answers
from edgevision.tasks.figures import ClassRow, Evaluation, Metric
from edgevision.tensors import FloatArray

Decisions = NDArray[np.bool_]
"""(images, labels): whether each label is there, or is decided to be."""

_COUNTED = 30_000_000
"""Scores looked at for one bootstrap: about half a second of counting."""


def truth_of(answers: Answers, labels: int) -> Decisions:
    """(images, labels) which label each image has.

    Raises:
        ImageSetError: there is no truth, or a label that the model does not have.
    """
    truth = answers.truth_as(ClassLabels)
    found = np.zeros((len(truth), labels), np.bool_)
    for row, one in enumerate(truth):
        if one.indices and max(one.indices) >= labels:
            message = f"{answers.ids[row]} has a label {max(one.indices)}, the model has {labels}"
            raise ImageSetError(
                message, hint="labels count from 0, in the order of the model's outputs"
            )
        found[row, list(one.indices)] = True
    return found


def rankings_of(p: FloatArray, truth: Decisions) -> tuple[Ranking, ...]:
    """One for each label."""
    return tuple(Ranking(p[:, label], truth[:, label]) for label in range(p.shape[1]))


def resamples_for(p: FloatArray) -> int:
    """Bootstrap draws for a figure that looks at every score: fewer for large sets, at least 40."""
    return int(min(1000, max(40, _COUNTED // max(1, p.size))))


def weights_of(rows: Rows, images: int) -> NDArray[np.int64]:
    """(images,) how often each image was drawn."""
    return np.bincount(rows, minlength=images)


def evaluate_decisions(
    p: FloatArray, decided: Decisions, truth: Decisions, names: tuple[str, ...]
) -> Evaluation:
    """The marks of (images, labels) probabilities `p` and the decisions `decided` made of them."""
    images = len(p)
    rankings = rankings_of(p, truth)
    ap = bootstrap(
        lambda rows: mean_average_precision(rankings, weights_of(rows, images)),
        images,
        resamples=resamples_for(p),
    )
    hits = decided & truth
    f1 = bootstrap(lambda rows: _macro_f1(decided[rows], truth[rows]), images, resamples=200)
    micro = bootstrap_ratio(2 * hits.sum(axis=1), decided.sum(axis=1) + truth.sum(axis=1))
    right = bootstrap_ratio((decided == truth).sum(axis=1), np.full(images, p.shape[1]))
    reports = reports_of_counts(
        hits=hits.sum(axis=0), images=truth.sum(axis=0), answers=decided.sum(axis=0)
    )
    once = np.ones(images, np.int64)
    return Evaluation(
        images=images,
        metrics=(
            Metric(name="macro_ap", title="macro average precision", short="macro AP", estimate=ap),
            Metric(name="macro_f1", title="macro F1", estimate=f1),
            Metric(name="micro_f1", title="micro F1", estimate=micro),
            Metric(
                name="label_accuracy",
                title="decisions that are right",
                short="right",
                estimate=right,
            ),
        ),
        classes=tuple(
            ClassRow(
                label=one.label,
                name=names[one.label],
                support=one.images,
                figures={
                    "average_precision": rankings[one.label].average_precision(once),
                    "precision": one.precision,
                    "recall": one.recall,
                    "f1": one.f1,
                },
            )
            for one in reports
        ),
    )


def _macro_f1(decided: Decisions, truth: Decisions) -> float:
    total = decided.sum(axis=0) + truth.sum(axis=0)
    there = total > 0
    if not there.any():
        return float("nan")
    return float((2 * (decided & truth).sum(axis=0)[there] / total[there]).mean())
