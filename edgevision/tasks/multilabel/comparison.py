"""Two multi-label models on the same images: decisions that changed, and what that costs."""

import numpy as np
from numpy.typing import NDArray

from edgevision.dataset.annotation import ClassLabels
from edgevision.metrics.average_precision import Ranking, mean_average_precision
from edgevision.metrics.bootstrap import Rows, bootstrap, bootstrap_ratio
from edgevision.metrics.divergence import bernoulli_divergences, mean_divergence
from edgevision.metrics.rate import Rate
from edgevision.tasks.answers import Answers
from edgevision.tasks.figures import Agreement, ClassDrop, Flip, Metric, Paired, Verdict
from edgevision.tasks.multilabel.evaluation import (
    Decisions,
    rankings_of,
    resamples_for,
    weights_of,
)
from edgevision.tensors import FloatArray


def agreement_of(
    ours: Answers, reference: Answers, threshold: NDArray[np.float32], names: tuple[str, ...]
) -> Agreement:
    """How far `ours` decide as `reference` does at the (labels,) `threshold`."""
    (a,), (b,) = ours.condensed, reference.condensed
    mine, theirs = a >= threshold, b >= threshold
    same = mine == theirs
    hits, decided = (mine & theirs).sum(axis=1), mine.sum(axis=1) + theirs.sum(axis=1)
    whole = Rate(hits=int(same.all(axis=1).sum()), count=len(same))
    return Agreement(
        images=len(ours),
        metrics=(
            Metric(
                name="agreement",
                title="decisions unchanged",
                short="agreement",
                estimate=bootstrap_ratio(same.sum(axis=1), np.full(len(same), a.shape[1])),
            ),
            # Rare labels are nearly always absent for both: this counts those that one model sees.
            Metric(
                name="label_f1",
                title="F1 of labels found, the reference's as truth",
                short="label F1",
                estimate=bootstrap_ratio(2 * hits, decided),
            ),
            Metric(
                name="images_unchanged",
                title="images with all decisions unchanged",
                short="images unchanged",
                estimate=whole.estimate,
            ),
            Metric(
                name="mean_kl",
                title="mean KL divergence",
                short="mean KL",
                estimate=mean_divergence(bernoulli_divergences(a, b)),
                unit="nats",
                higher_is_better=False,
            ),
        ),
        meaning="decisions, label by label, that are the reference's",
        flips=_flips(ours, reference, threshold, names),
    )


def _flips(
    ours: Answers, reference: Answers, threshold: NDArray[np.float32], names: tuple[str, ...]
) -> tuple[Flip, ...]:
    (a,), (b,) = ours.condensed, reference.condensed
    changed = (a >= threshold) != (b >= threshold)
    # How far the reference was from its threshold, on the label where it was surest.
    margins = np.where(changed, np.abs(b - threshold), 0.0)
    found = []
    for row in np.flatnonzero(changed.any(axis=1)).tolist():
        truth = None if ours.truth is None else ours.truth[row]
        found.append(
            Flip(
                index=row,
                id=ours.ids[row],
                surety=float(margins[row].max()),
                reference=_verdict(b[row] >= threshold, names),
                ours=_verdict(a[row] >= threshold, names),
                truth=_listed(sorted(truth.indices), names)
                if isinstance(truth, ClassLabels)
                else None,
            )
        )
    return tuple(sorted(found, key=lambda flip: (-flip.surety, flip.id)))


def _verdict(decided: NDArray[np.bool_], names: tuple[str, ...]) -> Verdict:
    return Verdict(text=_listed(np.flatnonzero(decided).tolist(), names))


def _listed(labels: list[int], names: tuple[str, ...]) -> str:
    known = [names[label] if label < len(names) else f"class {label}" for label in labels]
    return ", ".join(known) or "none"


def paired_ap(
    ours: FloatArray, reference: FloatArray, truth: Decisions, names: tuple[str, ...]
) -> Paired:
    """Macro average precision lost from `reference` to `ours`, (images, labels) probabilities."""
    images = len(truth)
    mine, theirs = rankings_of(ours, truth), rankings_of(reference, truth)

    def lost(rows: Rows) -> float:
        weights = weights_of(rows, images)
        before = mean_average_precision(theirs, weights)
        return before - mean_average_precision(mine, weights)

    return Paired(
        metric="macro_ap",
        drop=bootstrap(lost, images, resamples=resamples_for(ours)),
        p_value=None,
        images_for_a_point=None,
        class_drops=_class_drops(mine, theirs, truth, names),
    )


def _class_drops(
    mine: tuple[Ranking, ...],
    theirs: tuple[Ranking, ...],
    truth: Decisions,
    names: tuple[str, ...],
) -> tuple[ClassDrop, ...]:
    once, support = np.ones(len(truth), np.int64), truth.sum(axis=0)
    drops = [
        ClassDrop(
            label=label,
            name=names[label],
            support=int(support[label]),
            reference=theirs[label].average_precision(once),
            ours=mine[label].average_precision(once),
        )
        for label in np.flatnonzero(support).tolist()
    ]
    return tuple(sorted(drops, key=lambda one: (-one.drop, one.label)))
