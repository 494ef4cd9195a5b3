"""Options that several commands share, with one spelling and one meaning."""

from collections.abc import Mapping
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
Labels = Annotated[
    Path | None, typer.Option(help="labels.csv (file,label), or class names one a line.")
]
ClassNames = Annotated[Path | None, typer.Option(help="Class names, one a line.")]
Calibration = Annotated[
    Path | None,
    typer.Option(help="Calibration set or any image set; the one under calibration/ unless given."),
]
Model = Annotated[Path, typer.Argument(help="A .tflite file.", show_default=False)]


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


def refuse_unused(given: Mapping[str, object], *, without: str = "") -> None:
    """Raise for an option that would do nothing; None, False and an empty list are not given.

    Raises:
        UsageError: naming the first one.
    """
    for name, value in given.items():
        if value is None or value is False or value == []:
            continue
        option = f"--{name.replace('_', '-')}"
        why = f"without {without}" if without else "together with what else was asked for"
        message = f"{option} does nothing {why}"
        hint = f"leave {option} away" + (f", or add {without}" if without else "")
        raise UsageError(message, hint=hint)
