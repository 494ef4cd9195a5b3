"""Two classifiers on the same images: who answers otherwise, and what accuracy that costs."""

import numpy as np

from edgevision.dataset.annotation import ClassLabel
from edgevision.metrics.bootstrap import bootstrap_mean
from edgevision.metrics.classification import Labels, agreement
from edgevision.metrics.divergence import mean_divergence
from edgevision.metrics.mcnemar import images_to_see, mcnemar
from edgevision.tasks.answers import Answers
from edgevision.tasks.classification.scores import comparable, divergences
from edgevision.tasks.figures import Agreement, ClassDrop, Flip, Metric, Paired, Verdict
from edgevision.tasks.interface import Activation
from edgevision.tensors import FloatArray


def agreement_of(
    ours: Answers, reference: Answers, activation: Activation | None, names: tuple[str, ...]
) -> Agreement:
    """How far `ours` are the answers of `reference`: top-1, and how far the scores are apart."""
    (a,), (b,) = ours.condensed, reference.condensed
    same = Metric(name="agreement", title="top-1 agreement", estimate=agreement(a, b).estimate)
    apart = Metric(
        name="mean_kl",
        title="mean KL divergence",
        estimate=mean_divergence(divergences(a, b, activation)),
        unit="nats",
        higher_is_better=False,
    )
    return Agreement(
        images=len(ours),
        metrics=(same, apart),
        meaning="images with the same top-1 class as the reference",
        flips=_flips(ours, reference, activation, names),
    )


def _flips(
    ours: Answers, reference: Answers, activation: Activation | None, names: tuple[str, ...]
) -> tuple[Flip, ...]:
    (a,), (b,) = ours.condensed, reference.condensed
    mine, theirs = a.argmax(axis=1), b.argmax(axis=1)
    rows = np.flatnonzero(mine != theirs)
    # Of all rows when the values decide what scores are: a few images would not tell.
    every = slice(None) if activation is None else rows
    p_ours, p_reference = (comparable(scores[every], activation) for scores in (a, b))
    if activation is None:
        p_ours, p_reference = p_ours[rows], p_reference[rows]
    found = []
    for at, row in enumerate(rows.tolist()):
        other, own = int(theirs[row]), int(mine[row])
        truth = None if ours.truth is None else ours.truth[row]
        before = _verdict(p_reference[at], other, own, names)
        after = _verdict(p_ours[at], own, other, names)
        found.append(
            Flip(
                index=row,
                id=ours.ids[row],
                # How much surer the reference was of its answer than of the other one.
                surety=float(p_reference[at, other]) - float(p_reference[at, own]),
                reference=before,
                ours=after,
                truth=_name(truth.index, names) if isinstance(truth, ClassLabel) else None,
            )
        )
    return tuple(sorted(found, key=lambda flip: (-flip.surety, flip.id)))


def _verdict(p: FloatArray, label: int, other: int, names: tuple[str, ...]) -> Verdict:
    score = float(p[label])
    return Verdict(
        text=f"{names[label]} {score:.2f}",
        label=label,
        score=score,
        other_score=float(p[other]),
    )


def _name(label: int, names: tuple[str, ...]) -> str:
    return names[label] if label < len(names) else f"class {label}"


def paired_top1(
    ours: FloatArray, reference: FloatArray, labels: Labels, names: tuple[str, ...]
) -> Paired:
    """Top-1 accuracy lost from `reference` to `ours`, both (images, classes) scores."""
    mine, theirs = ours.argmax(axis=1), reference.argmax(axis=1)
    lost = (theirs == labels).astype(np.int8) - (mine == labels)
    return Paired(
        metric="top1",
        drop=bootstrap_mean(lost),
        p_value=mcnemar(int((lost > 0).sum()), int((lost < 0).sum())),
        images_for_a_point=images_to_see(float((lost != 0).mean())) if len(lost) else None,
        class_drops=_class_drops(mine, theirs, labels, names),
    )


def _class_drops(
    mine: Labels, theirs: Labels, labels: Labels, names: tuple[str, ...]
) -> tuple[ClassDrop, ...]:
    classes = len(names)
    support = np.bincount(labels, minlength=classes)
    right = [
        np.bincount(labels[answers == labels], minlength=classes) for answers in (theirs, mine)
    ]
    drops = [
        ClassDrop(
            label=label,
            name=names[label],
            support=int(support[label]),
            reference=float(right[0][label] / support[label]),
            ours=float(right[1][label] / support[label]),
        )
        for label in np.flatnonzero(support).tolist()
    ]
    return tuple(sorted(drops, key=lambda one: (-one.drop, one.label)))
