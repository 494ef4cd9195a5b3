"""Accuracy beside the other figures: the same files, asked about the user's images here."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from edgevision.bench.results.accuracy import Accuracy, accuracy_of, change_between
from edgevision.bench.results.result import Result
from edgevision.bench.timing.case import Case
from edgevision.dataset.imageset import ImageSet
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.progress import Progress, silent
from edgevision.runtime.predict import predict


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """Images to answer, and how each model wants them."""

    images: ImageSet
    classes: tuple[str, ...] = ()
    """The models' class names; empty for those of the image set."""
    preprocessing_of: Callable[[Case], ImagePreprocessing]


def evaluate_cases(
    cases: Sequence[Case], evaluation: Evaluation, *, progress: Progress = silent
) -> tuple[Accuracy, ...]:
    """Accuracy of each case, and its change against the first.

    Raises:
        ModelError: a model is no classifier, or has not the classes of the first.
        ImageSetError: an image cannot be decoded.
    """
    known = {}
    found: list[Accuracy] = []
    for case in cases:
        content = case.content()
        # A sweep over threads asks the same file; its answers do not depend on them.
        if content not in known:
            with case.open() as session:
                known[content] = predict(
                    session,
                    evaluation.preprocessing_of(case),
                    evaluation.images,
                    progress=progress,
                    stage=f"evaluating {case.name}",
                )
        accuracy = accuracy_of(known[content])
        if found:
            first = known[cases[0].content()]
            change = change_between(cases[0].name, first, known[content])
            accuracy = replace(accuracy, change=change)
        found.append(accuracy)
    return tuple(found)


def with_accuracy(result: Result, accuracies: Sequence[Accuracy], evaluation: Evaluation) -> Result:
    """The result with the accuracies in it, in the order of its models."""
    return replace(
        result,
        data=evaluation.images.name,
        classes=evaluation.classes or evaluation.images.classes,
        models=tuple(
            replace(measured, accuracy=accuracy)
            for measured, accuracy in zip(result.models, accuracies, strict=True)
        ),
    )
