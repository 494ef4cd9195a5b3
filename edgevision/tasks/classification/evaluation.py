"""A classifier's marks: top-1, top-5, macro F1, each class, and who is taken for whom."""

import numpy as np

from edgevision.dataset.annotation import ClassLabel
from edgevision.errors import ImageSetError
from edgevision.metrics.classification import (
    Labels,
    confusion_matrix,
    macro_f1_estimate,
    reports_of_counts,
    top_k_accuracy,
)
from edgevision.tasks.answers import Answers
from edgevision.tasks.figures import ClassRow, Evaluation, Metric
from edgevision.tensors import FloatArray

_MOST_CONFUSED = 4096
"""Classes above which there is no confusion matrix: it would take hundreds of megabytes."""


def labels_of(answers: Answers, classes: int) -> Labels:
    """(images,) the true classes.

    Raises:
        ImageSetError: there are none, or one that the model has no class for.
    """
    truth = answers.truth_as(ClassLabel)
    labels = np.fromiter((one.index for one in truth), np.int64, len(truth))
    if len(labels) and int(labels.max()) >= classes:
        message = f"the images have a label {int(labels.max())}, the model has {classes} classes"
        raise ImageSetError(
            message, hint="labels count from 0, in the order of the model's outputs"
        )
    return labels


def evaluate_scores(scores: FloatArray, labels: Labels, names: tuple[str, ...]) -> Evaluation:
    """The marks of (images, classes) `scores`."""
    classes = scores.shape[1]
    answers = scores.argmax(axis=1).astype(np.int64)
    metrics = [
        Metric(
            name="top1", title="top-1 accuracy", estimate=top_k_accuracy(scores, labels).estimate
        )
    ]
    # Of five classes or fewer, top-5 says nothing.
    if classes > 5:
        top5 = top_k_accuracy(scores, labels, k=5).estimate
        metrics.append(Metric(name="top5", title="top-5 accuracy", estimate=top5))
    f1 = macro_f1_estimate(labels, answers, classes)
    metrics.append(Metric(name="macro_f1", title="macro F1", estimate=f1))
    reports = reports_of_counts(
        hits=np.bincount(labels[labels == answers], minlength=classes),
        images=np.bincount(labels, minlength=classes),
        answers=np.bincount(answers, minlength=classes),
    )
    return Evaluation(
        images=len(labels),
        metrics=tuple(metrics),
        classes=tuple(
            ClassRow(
                label=one.label,
                name=names[one.label],
                support=one.images,
                figures={"precision": one.precision, "recall": one.recall, "f1": one.f1},
            )
            for one in reports
        ),
        confusion=confusion_matrix(labels, answers, classes) if classes <= _MOST_CONFUSED else None,
    )
