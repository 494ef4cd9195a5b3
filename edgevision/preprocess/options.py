"""Read what a user says about preprocessing: on the command line, or in a TOML file."""

from dataclasses import fields
from pathlib import Path

from edgevision.errors import UsageError
from edgevision.preprocess.declared import AUTO, HOW, Preprocessing, unknown_preset
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.preprocess.presets import PRESETS
from edgevision.serialization.decode import from_plain
from edgevision.serialization.toml_text import read_toml

TABLE = "preprocessing"
"""Name of the table in a TOML file that holds other things too, as a set.toml does."""


def from_flags(
    *,
    preprocess: str | None = None,
    mean: str | None = None,
    std: str | None = None,
    fit: str | None = None,
    crop_fraction: float | None = None,
    color: str | None = None,
) -> Preprocessing:
    """What a command line says; a number beside `--preprocess` wins over what that holds.

    `--preprocess auto` leaves what the other flags do not say to be measured.

    Raises:
        UsageError: a value is unknown, out of range, or no number.
    """
    given = {
        "mean": None if mean is None else parse_numbers("--mean", mean),
        "std": None if std is None else parse_numbers("--std", std),
        "fit": fit,
        "crop_fraction": crop_fraction,
        "color": color,
    }
    flags = _declared(given, where="")
    return flags if preprocess is None else flags.over(from_option(preprocess))


def refuse_auto(declared: Preprocessing) -> None:
    """Raise when `--preprocess auto` is given to a command that measures no model.

    Raises:
        UsageError: it is.
    """
    if declared.is_auto:
        message = "--preprocess auto is not for this command: it measures a model being optimized"
        raise UsageError(message, hint=f"one of {', '.join(PRESETS)}, or a TOML file")


def from_option(value: str) -> Preprocessing:
    """What `--preprocess VALUE` says: the name of a preset, auto, or a TOML file.

    Raises:
        UsageError: no such preset or file, or the file says something unknown.
    """
    if value in PRESETS or value == AUTO:
        return Preprocessing(preset=value)
    if value.endswith(".toml") or "/" in value:
        return from_toml(Path(value))
    raise unknown_preset(value)


def from_toml(path: Path) -> Preprocessing:
    """What a TOML file says: at its top, or in its table [preprocessing].

    Raises:
        UsageError: the file is missing, not TOML, or says something unknown.
    """
    document = read_toml(path, hint=HOW)
    declared = _declared(document.get(TABLE, document), where=f"{path}:")
    if declared.is_auto:
        # What was measured once is written down as what it came to, and never as "measure again".
        raise unknown_preset(AUTO)
    return declared


def _declared(values: object, *, where: str) -> Preprocessing:
    return from_plain(Preprocessing, values, where=where, unknown="refuse")


def declared_of(preprocessing: ImagePreprocessing) -> Preprocessing:
    """Everything that `preprocessing` holds, as declared."""
    names = [field.name for field in fields(ImagePreprocessing)]
    return Preprocessing(**{name: getattr(preprocessing, name) for name in names})


def parse_numbers(option: str, text: str) -> tuple[float, ...]:
    """The numbers in `--mean 123.7,116.3,103.5`: one, or one for each channel.

    Raises:
        UsageError: something is not a number.
    """
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError as error:
        message = f"{option} {text!r} is not a list of numbers"
        raise UsageError(
            message, hint=f"for example {option} 127.5 or {option} 124,116,104"
        ) from error
