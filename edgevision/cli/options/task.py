"""`--task`: what the outputs of a model mean, where neither its file nor its card says."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from edgevision.tasks.spec import TaskSpec

Task = Annotated[
    str | None,
    typer.Option(
        "--task",
        help="What the outputs mean (classification, multilabel, detection, tensors); "
        "as the card or the file says unless given.",
    ),
]


def declared_task(kind: str | None) -> "TaskSpec | None":
    """The declaration that `--task` makes; None without it.

    Raises:
        UsageError: no task of that kind is known.
    """
    from edgevision.tasks.registry import task_class
    from edgevision.tasks.spec import TaskSpec

    if kind is None:
        return None
    task_class(kind)
    return TaskSpec(kind=kind)
