"""Single values out of a document: their type and size, or an error that names the place."""

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from edgevision.serialization.limits import is_plain_text
from edgevision.serialization.rules import Rules
from edgevision.serialization.schema import Form

_INT64 = range(-(2**63), 2**63)
"""Whole numbers that TOML, Kotlin and NumPy can hold."""


def read_bool(rules: Rules, _form: Form, plain: object, where: str) -> bool:
    """`plain` when it is true or false."""
    if not isinstance(plain, bool):
        rules.refuse(where, "true or false", plain)
    return plain


def read_int(rules: Rules, _form: Form, plain: object, where: str) -> int:
    """`plain` when it is a whole number of 64 bits."""
    if isinstance(plain, bool) or not isinstance(plain, int) or plain not in _INT64:
        rules.refuse(where, "a whole number", plain)
    return plain


def read_float(rules: Rules, _form: Form, plain: object, where: str) -> float:
    """`plain` when it is a number; NaN for null, as which `to_plain` writes it."""
    only_finite = rules.limits.is_number_finite
    if plain is None and not only_finite:
        return math.nan
    if isinstance(plain, bool) or not isinstance(plain, (int, float)):
        rules.refuse(where, "a number", plain)
    try:
        number = float(plain)
    except OverflowError:
        rules.refuse(where, "a number of 64 bits", plain)
    if only_finite and not math.isfinite(number):
        rules.refuse(where, "a finite number", plain)
    return number


def read_text(rules: Rules, form: Form, plain: object, where: str) -> str:
    """`plain` when it is a text within the limits."""
    limits = rules.limits
    most = limits.characters if form.max_characters is None else form.max_characters
    if (
        not isinstance(plain, str)
        or len(plain) > most
        or (limits.is_text_plain and not is_plain_text(plain))
    ):
        adjective = "plain " if limits.is_text_plain else ""
        rules.refuse(where, f"{adjective}text of at most {most} characters", plain)
    return plain


def read_path(rules: Rules, form: Form, plain: object, where: str) -> Path:
    """The path that `plain` spells."""
    return Path(read_text(rules, form, plain, where))


def read_none(rules: Rules, _form: Form, plain: object, where: str) -> None:
    """None for null."""
    if plain is not None:
        rules.refuse(where, "null", plain)


def read_any(_rules: Rules, _form: Form, plain: object, _where: str) -> object:
    """`plain`, whatever it is."""
    return plain


SCALARS: Mapping[Any, Callable[[Rules, Form, Any, str], Any]] = {
    bool: read_bool,
    int: read_int,
    float: read_float,
    str: read_text,
    Path: read_path,
    type(None): read_none,
    Any: read_any,
}


def are_integers(plain: list[Any] | tuple[Any, ...]) -> bool:
    """Whether `read_int` takes all of them; much faster than one by one."""
    return all(type(entry) is int for entry in plain) and (
        not plain or (min(plain) in _INT64 and max(plain) in _INT64)
    )


def is_among(plain: object, choices: tuple[object, ...]) -> bool:
    """Whether `plain` is one of `choices`, by type too: True equals 1.

    >>> is_among(1, (1, 2)), is_among(True, (1, 2))
    (True, False)
    """
    return any(type(plain) is type(choice) and plain == choice for choice in choices)
