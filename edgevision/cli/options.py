"""Options that several commands share, with one spelling and one meaning."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgevision.errors import UsageError

if TYPE_CHECKING:
    from edgevision.preprocess.options import Preprocessing

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what is there.")]
Threads = Annotated[
    int | None, typer.Option(min=1, help="Threads of the runtime; all usable CPUs unless given.")
]
Preprocess = Annotated[
    str | None,
    typer.Option(
        metavar="NAME|FILE.toml",
        help="How pixels become input: raw, unit, imagenet-tf, imagenet-torch, imagenet-caffe,"
        " imagenet-lite, auto (measured on labelled images), or a TOML file.",
    ),
]
Mean = Annotated[
    str | None,
    typer.Option(help="Subtracted from pixels 0-255; one number or one a channel: 124,116,104."),
]
Std = Annotated[str | None, typer.Option(help="Divides after the mean; as --mean.")]
Fit = Annotated[str | None, typer.Option(help="stretch, center-crop or letterbox.")]
CropFraction = Annotated[
    float | None, typer.Option(help="Share of the side that center-crop keeps, such as 0.875.")
]
Color = Annotated[str | None, typer.Option(help="rgb, bgr or gray.")]


def said_preprocessing(
    *,
    preprocess: str | None,
    mean: str | None,
    std: str | None,
    fit: str | None,
    crop_fraction: float | None,
    color: str | None,
) -> "Preprocessing":
    """What the options above say, the numbers over the preset or file; see `is_auto` for "auto".

    Raises:
        UsageError: a value is unknown or out of range.
    """
    from edgevision.preprocess.options import Preprocessing, from_dict, from_option, parse_numbers

    flags: dict[str, object] = {
        "mean": None if mean is None else list(parse_numbers("--mean", mean)),
        "std": None if std is None else list(parse_numbers("--std", std)),
        "fit": fit,
        "crop_fraction": crop_fraction,
        "color": color,
    }
    said = from_dict({name: value for name, value in flags.items() if value is not None})
    if preprocess is None or is_auto(preprocess):
        return said
    return (
        said.over(from_option(preprocess)) if said != Preprocessing() else from_option(preprocess)
    )


def is_auto(preprocess: str | None) -> bool:
    """Whether labelled images are to decide."""
    from edgevision.preprocess.options import AUTO

    return preprocess == AUTO


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
