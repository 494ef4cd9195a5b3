"""Options that several commands share, with one spelling and one meaning."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgevision.errors import UsageError

if TYPE_CHECKING:
    from edgevision.dataset.imageset import ImageSet

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what is there.")]
Threads = Annotated[
    int | None, typer.Option(min=1, help="Threads of the runtime; all usable CPUs unless given.")
]


def say_skipped(images: "ImageSet") -> None:
    """Warn of pictures in the set's folder that cannot be decoded and so are not in the set."""
    from edgevision.cli import console

    if images.skipped:
        first = ", ".join(images.skipped[:3])
        more = f" and {len(images.skipped) - 3} more" if len(images.skipped) > 3 else ""
        console.warn(f"left out of {images.path}: {first}{more}; save them as JPEG or PNG")


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
