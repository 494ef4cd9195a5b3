"""A model beside its reference on the same images: agreement, and marks where there is truth."""

from dataclasses import dataclass

from edgevision.errors import ImageSetError
from edgevision.evaluation.evaluate import can_evaluate
from edgevision.tasks.answers import Answers, check_same_images
from edgevision.tasks.figures import Agreement, Evaluation, Paired
from edgevision.tasks.task import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """`ours` beside `reference`."""

    images: int
    agreement: Agreement
    ours: Evaluation | None
    """None, as the two below, where the images lack the truth that the task needs."""
    reference: Evaluation | None
    paired: Paired | None


def compare(
    task: Task, ours: Answers, reference: Answers, *, evaluated: Evaluation | None = None
) -> Comparison:
    """`ours` beside `reference`, both gathered by the same `task`.

    Args:
        task: what the outputs of both mean.
        ours: the model in question, quantized as a rule.
        reference: what it is held to, the float model as a rule.
        evaluated: marks of `reference`, when it is compared with several and has been evaluated.

    Raises:
        ImageSetError: there are no images, or a truth that the model has no class for.
        ValueError: they are not about the same images, or have other shapes.
    """
    check_same_images(ours, reference)
    if not len(ours):
        raise ImageSetError("there are no images to compare on")
    is_annotated = can_evaluate(task, ours) and can_evaluate(task, reference)
    return Comparison(
        images=len(ours),
        agreement=task.agreement(ours, reference),
        ours=task.evaluate(ours) if is_annotated else None,
        reference=(evaluated or task.evaluate(reference)) if is_annotated else None,
        paired=task.paired(ours, reference) if is_annotated else None,
    )
