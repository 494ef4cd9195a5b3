"""Read what a user says about preprocessing: on the command line, or in a TOML file."""

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from edgevision.errors import UsageError
from edgevision.preprocess.declared import AUTO, HOW, Preprocessing, declared_in, unknown_preset
from edgevision.preprocess.image_preprocessing import ImagePreprocessing, preprocessing_to_dict
from edgevision.preprocess.presets import PRESETS

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
    flags = from_dict(
        {
            name: value
            for name, value in (
                ("mean", None if mean is None else list(parse_numbers("--mean", mean))),
                ("std", None if std is None else list(parse_numbers("--std", std))),
                ("fit", fit),
                ("crop_fraction", crop_fraction),
                ("color", color),
            )
            if value is not None
        }
    )
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
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        message = f"cannot read {path}: {error.strerror}"
        raise UsageError(message, hint=HOW) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not TOML: {error}") from error
    try:
        return from_dict(document.get(TABLE, document))
    except UsageError as error:
        raise UsageError(f"{path}: {error}", hint=error.hint) from error


def from_dict(values: object) -> Preprocessing:
    """What a table of JSON or TOML values says.

    Raises:
        UsageError: a name is unknown, or a value of the wrong type or out of range.
    """
    if not isinstance(values, Mapping):
        raise UsageError(f"{TABLE} must be a table, got {values!r}")
    known = [field.name for field in fields(Preprocessing)]
    if unknown := sorted(set(values) - set(known)):
        near = difflib.get_close_matches(str(unknown[0]), known, n=1)
        raise UsageError(
            f"unknown preprocessing name {unknown[0]!r}",
            hint=f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}",
        )
    clean: dict[str, Any] = dict(values)
    for name in {"mean", "std"} & set(values):
        # A single number stands for all channels; what is in a list is checked by the contract.
        clean[name] = tuple(clean[name]) if isinstance(clean[name], list) else (clean[name],)
    preset = clean.get("preset")
    if preset is not None and not isinstance(preset, str):
        raise UsageError(f"preset must be a name, got {preset!r}")
    if preset == AUTO:
        # What was measured once is written down as what it came to, and never as "measure again".
        raise unknown_preset(AUTO)
    return Preprocessing(**clean)


def to_dict(declared: Preprocessing) -> dict[str, Any]:
    """What was said as plain JSON or TOML values; `from_dict` reads it back."""
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in declared_in(declared).items()
    }


def declared_of(preprocessing: ImagePreprocessing) -> Preprocessing:
    """Everything that `preprocessing` holds, as said."""
    return from_dict(preprocessing_to_dict(preprocessing))


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
