"""Choosing the task of a model: as declared, as its card says, or as far as the file tells."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from edgevision.errors import MissingDependencyError
from edgevision.tasks.interface import ModelInterface, OutputInterface
from edgevision.tasks.labels import fits
from edgevision.tasks.registry import build_task, task_class, task_kinds
from edgevision.tasks.spec import TaskSpec
from edgevision.tasks.task import Task

_UNKNOWN = "tensors"
"""What a model is whose outputs mean nothing that is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedTask:
    """A task, and what it was chosen by."""

    task: Task
    reason: str
    """One sentence without its full stop: "the model card says classification"."""
    is_declared: bool
    """Whether somebody said so, the user or a card; else the file alone told."""

    @property
    def is_unknown(self) -> bool:
        """Whether neither somebody nor the file says what the outputs mean."""
        return not self.is_declared and self.task.spec.kind == _UNKNOWN


def resolve_task(
    model: ModelInterface,
    *,
    declared: TaskSpec | None = None,
    card: TaskSpec | None = None,
    labels: tuple[str, ...] = (),
    image_classes: int = 0,
    options: Mapping[str, Any] | None = None,
) -> ResolvedTask:
    """The task of a model: explicit declaration, else card, else what is known; else `tensors`.

    Known is: the operator of detection post-processing; one vector that a softmax makes; one vector
    of as many numbers as there are class names, or classes in labelled images. One unit without a
    sigmoid (an age) is not made a classifier by images of two classes. Names without such images
    make several sigmoids labels that do not exclude each other. Anything else is numbers: nothing
    is refused for want of a meaning, and no number passed off as a class.

    Args:
        model: what comes out of it.
        declared: what the user says.
        card: what the model's card says.
        labels: class names from a list; used where the declaration brings none.
        image_classes: classes of the labelled images at hand; 0 for none.
        options: set in place of the declaration's where the task has them; the others do nothing.

    Raises:
        ModelError: the outputs, or the labels, do not fit what was declared.
        UsageError: an unknown task or option is declared.
        MissingDependencyError: the card's task is of a package that is not installed.
    """
    if declared is not None:
        known = labels or (card.labels if card is not None else ())
        reason = "it was declared so"
        return _built(declared, model, known, reason, options, is_declared=True)
    if card is not None:
        _refuse_unknown(card)
        reason = f"the model card says {card.kind}"
        return _built(card, model, labels, reason, options, is_declared=True)
    kind, reason = _known(model, labels, image_classes)
    return _built(TaskSpec(kind=kind), model, labels, reason, options, is_declared=False)


def _refuse_unknown(card: TaskSpec) -> None:
    if card.kind in task_kinds():
        return
    whose = f"a task of the package {card.package}, which is not installed"
    if not card.package:
        whose = "a task that no package here brings"
    # The name is the word of whoever made the file: the reader decides whether to trust it.
    install = f"pip install {card.package}, if you trust it" if card.package else "install its own"
    hint = f"{install}; or --task {_UNKNOWN} for plain numbers"
    raise MissingDependencyError(f"the model card says {card.kind}, {whose}", hint=hint)


def _built(
    spec: TaskSpec,
    model: ModelInterface,
    labels: tuple[str, ...],
    reason: str,
    options: Mapping[str, Any] | None,
    *,
    is_declared: bool,
) -> ResolvedTask:
    if not spec.labels:
        spec = replace(spec, labels=labels)
    if options:
        known = task_class(spec.kind).options
        spec = spec.with_options(**{name: options[name] for name in options if name in known})
    return ResolvedTask(task=build_task(spec, model), reason=reason, is_declared=is_declared)


def _known(model: ModelInterface, labels: tuple[str, ...], image_classes: int) -> tuple[str, str]:
    if model.outputs and all(one.maker == "detection-postprocess" for one in model.outputs):
        # Without the preprocessing its boxes have no place in the picture.
        if model.preprocessing is not None and len(model.outputs) == 4:
            return "detection", "the file ends in TFLite_Detection_PostProcess"
    elif len(model.outputs) == 1 and model.outputs[0].is_vector and model.outputs[0].size:
        return _vector(model.outputs[0], len(labels), image_classes)
    return _UNKNOWN, "nothing says what the outputs mean"


def _vector(output: OutputInterface, labels: int, image_classes: int) -> tuple[str, str]:
    if output.maker == "softmax" and output.size > 1:
        return "classification", f"its one output is a softmax over {output.size} classes"
    classes = max(2, output.size)
    units = "its one unit" if output.size == 1 else f"its {output.size} scores"
    if image_classes == classes and (output.size > 1 or output.maker == "sigmoid"):
        return "classification", f"the images' {image_classes} classes fit {units}"
    if output.maker == "sigmoid" and output.size > 1 and labels == output.size:
        return "multilabel", f"{labels} names fit its {output.size} sigmoids, each a yes or no"
    if fits(labels, classes):
        names = "1 class name fits" if labels == 1 else f"{labels} class names fit"
        return "classification", f"{names} {units}"
    numbers = "one number means" if output.size == 1 else f"{output.size} numbers mean"
    return _UNKNOWN, f"nothing says what its {numbers}"
