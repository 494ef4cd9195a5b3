"""Tasks by name: ours in one table, and those of installed packages by their entry points.

A package adds a task without touching ours: an entry point of the group "edgevision.tasks", named
as the task's kind, that names a class which is a `task.Task`.

    [project.entry-points."edgevision.tasks"]
    counting = "my_package.counting:Counting"
"""

import importlib
from dataclasses import replace
from importlib.metadata import EntryPoint, entry_points
from typing import cast

from edgevision.errors import MissingDependencyError, UsageError
from edgevision.tasks.interface import ModelInterface
from edgevision.tasks.spec import TaskSpec
from edgevision.tasks.task import Task

ENTRY_POINTS = "edgevision.tasks"
"""Group of the entry points that other packages declare."""

_OURS = {
    "classification": "edgevision.tasks.classification.task:Classification",
    "multilabel": "edgevision.tasks.multilabel.task:MultiLabel",
    "detection": "edgevision.tasks.detection.task:Detection",
    "tensors": "edgevision.tasks.tensors:Tensors",
}
"""Kind -> "module:Class"; modules are imported when the task is asked for."""


def task_kinds() -> tuple[str, ...]:
    """The kinds there are, ours first, then those of installed packages; imports none of them."""
    others = {point.name for point in entry_points(group=ENTRY_POINTS)} - set(_OURS)
    return (*_OURS, *sorted(others))


def build_task(spec: TaskSpec, model: ModelInterface) -> Task:
    """The task that `spec` declares, for a model with these outputs.

    Raises:
        UsageError: no task of that kind is known, or an option is not one of its.
        ModelError: the model's outputs or labels do not fit it.
        MissingDependencyError: the package that brings it does not import.
    """
    found = task_class(spec.kind)
    return found.build(replace(spec, package=_package_of(spec.kind)), model)


def task_class(kind: str) -> type[Task]:
    """The class of a kind of task.

    Raises:
        UsageError: no such kind is known.
        MissingDependencyError: the package that brings it does not import.
    """
    # Ours first: an installed package cannot take a name that files already carry.
    if kind in _OURS:
        module, _, name = _OURS[kind].partition(":")
        return cast("type[Task]", getattr(importlib.import_module(module), name))
    # Only the one asked for is imported: looking for names runs nobody's code.
    found = tuple(entry_points(group=ENTRY_POINTS, name=kind))
    if not found:
        message = f"unknown task {kind!r}"
        raise UsageError(message, hint=f"known: {', '.join(task_kinds())}")
    return _load(kind, found[0])


def _package_of(kind: str) -> str:
    if kind in _OURS:
        return ""
    point, *_ = entry_points(group=ENTRY_POINTS, name=kind)
    return point.dist.name if point.dist else ""


def _load(kind: str, point: EntryPoint) -> type[Task]:
    try:
        return cast("type[Task]", point.load())
    except (ImportError, AttributeError) as error:
        package = point.dist.name if point.dist else point.value
        message = f"the task {kind!r} of {package} does not import: {error}"
        raise MissingDependencyError(message, hint=f"pip install --upgrade {package}") from error
