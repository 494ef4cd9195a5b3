"""Options that several commands share, with one spelling and one meaning."""

from pathlib import Path
from typing import Annotated

import typer

from edgevision.errors import UsageError

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what is there.")]
Threads = Annotated[
    int | None, typer.Option(min=1, help="Threads of the runtime; all usable CPUs unless given.")
]


def class_names(path: Path | None) -> tuple[str, ...]:
    """Class names of a `--labels` file, one a line; empty without one.

    Raises:
        UsageError: it is a table of labels, not a list of names.
        ImageSetError: it cannot be read.
    """
    if path is None:
        return ()
    if path.suffix.lower() == ".csv":
        raise UsageError(
            f"{path} is a table", hint="--labels takes class names, one a line, in index order"
        )
    from edgevision.dataset.classes import read_class_names

    return read_class_names(path)
