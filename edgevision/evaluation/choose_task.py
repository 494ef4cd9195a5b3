"""The task of a model that is about to answer an image set: what both of them tell."""

from dataclasses import replace

from edgevision.dataset.imageset import ImageSet
from edgevision.tasks.interface import ModelInterface
from edgevision.tasks.registry import build_task
from edgevision.tasks.resolve import ResolvedTask, resolve_task
from edgevision.tasks.spec import TaskSpec
from edgevision.tasks.task import Task


def choose_task(
    model: ModelInterface,
    *,
    declared: TaskSpec | None = None,
    card: TaskSpec | None = None,
    labels: tuple[str, ...] = (),
    images: ImageSet | None = None,
) -> ResolvedTask:
    """As `tasks.resolve.resolve_task`, with the classes of `images` as a clue.

    Class names are those of `labels`, else the card's, else those of the images where there is
    one for each class.

    Raises:
        ModelError: the outputs, or the labels, do not fit what was declared.
        UsageError: an unknown task or option is declared.
    """
    found = resolve_task(
        model,
        declared=declared,
        card=replace(card, labels=labels) if card is not None and labels else card,
        labels=labels,
        image_classes=0 if images is None else class_count(images),
    )
    if images is None:
        return found
    return replace(found, task=_named(found.task, images.classes, model))


def class_count(images: ImageSet) -> int:
    """Classes of a set: of its list of names, else of the labels that there are; 0 without both."""
    if images.classes:
        return len(images.classes)
    return 1 + max((i.class_index for i in images if i.class_index is not None), default=-1)


def _named(task: Task, names: tuple[str, ...], model: ModelInterface) -> Task:
    if task.spec.labels or not names or len(names) != task.label_count:
        return task
    return build_task(replace(task.spec, labels=names), model)
