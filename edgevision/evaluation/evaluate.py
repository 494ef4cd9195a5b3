"""Marks of one model on an annotated image set, as its task measures them."""

from edgevision.errors import ImageSetError
from edgevision.tasks.answers import Answers
from edgevision.tasks.figures import Evaluation
from edgevision.tasks.task import Task


def evaluate(task: Task, answers: Answers) -> Evaluation:
    """The marks of `answers`, the headline first.

    Raises:
        ImageSetError: there are no images, they have no truth, or one that does not fit the task.
        UsageError: the task cannot be measured against truth.
    """
    if not len(answers):
        raise ImageSetError("there are no images to evaluate on")
    return task.evaluate(answers)


def can_evaluate(task: Task, answers: Answers) -> bool:
    """Whether the images have the truth that the task is evaluated on."""
    return (
        task.truth is not None
        and answers.truth is not None
        and len(answers) > 0
        and all(isinstance(one, task.truth) for one in answers.truth)
    )
