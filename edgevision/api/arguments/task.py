"""What the outputs of a model mean, where neither its file nor its card says."""

from edgevision.tasks.registry import task_class
from edgevision.tasks.spec import TaskSpec


def declared_task(kind: str | None) -> TaskSpec | None:
    """The declaration of a task by its name; None without one.

    Raises:
        UsageError: no task of that kind is known.
    """
    if kind is None:
        return None
    task_class(kind)
    return TaskSpec(kind=kind)
