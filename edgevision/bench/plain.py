"""Frozen dataclasses to plain JSON values and back, checked field by field."""

import math
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


def to_plain(value: object) -> Any:
    """Dicts, lists, numbers and strings with the content of a dataclass."""
    if is_dataclass(value) and not isinstance(value, type):
        return {entry.name: to_plain(getattr(value, entry.name)) for entry in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_plain(entry) for key, entry in value.items()}
    if isinstance(value, (tuple, list)):
        return [to_plain(entry) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        # JSON has no NaN: what a model with NaN weights answers is told as null.
        return None
    return str(value) if isinstance(value, Path) else value


def from_plain(kind: type[T], plain: object, where: str = "result") -> T:
    """The dataclass `kind` with the content of `plain`; keys it does not know are left aside.

    Newer versions may add fields, so unknown keys are no error; a missing key takes the field's
    default.

    Raises:
        ValueError: a field without default is missing, or a value has the wrong type; the message
            holds the path to it.
    """
    value: T = _read(kind, plain, where)
    return value


def _read(kind: Any, plain: Any, where: str) -> Any:  # noqa: PLR0911 - one return a type
    origin, arguments = get_origin(kind), get_args(kind)
    if is_dataclass(kind):
        return _read_dataclass(kind, plain, where)
    if origin in (Union, UnionType):
        if plain is None and NoneType in arguments:
            return None
        # At most one kind besides None comes from JSON: `Path | bytes` is a path there.
        only = next(kind for kind in arguments if kind is not NoneType)
        return _read(only, plain, where)
    if origin is tuple:
        return _read_tuple(arguments, plain, where)
    if origin is dict and isinstance(plain, dict):
        return {key: _read(arguments[1], entry, where) for key, entry in plain.items()}
    if origin is Literal and plain in arguments:
        return plain
    if kind is float and plain is None:
        return math.nan
    if origin is None and _fits(kind, plain):
        return plain if kind is bool else kind(plain)
    message = f"{where} should be {getattr(kind, '__name__', kind)}, not {plain!r:.60}"
    raise ValueError(message)


def _fits(kind: Any, plain: Any) -> bool:
    if isinstance(plain, bool) or kind is bool:
        return isinstance(plain, bool) and kind is bool
    accepted: dict[Any, Any] = {float: (int, float), Path: str}
    return isinstance(plain, accepted.get(kind, kind))


def _read_dataclass(kind: Any, plain: Any, where: str) -> Any:
    if not isinstance(plain, dict):
        message = f"{where} should be an object, not {plain!r:.60}"
        raise ValueError(message)  # noqa: TRY004 - a bad file, not a bad call
    hints = get_type_hints(kind)
    found = {}
    for entry in fields(kind):
        place = f"{where}.{entry.name}"
        if entry.name in plain:
            found[entry.name] = _read(hints[entry.name], plain[entry.name], place)
        elif entry.default is MISSING and entry.default_factory is MISSING:
            message = f"{place} is missing"
            raise ValueError(message)
    return kind(**found)


def _read_tuple(arguments: tuple[Any, ...], plain: Any, where: str) -> tuple[Any, ...]:
    if not isinstance(plain, (list, tuple)):
        message = f"{where} should be a list, not {plain!r:.60}"
        raise ValueError(message)  # noqa: TRY004 - a bad file, not a bad call
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        if arguments[0] is int and all(type(entry) is int for entry in plain):
            # Raw samples come by the ten thousand.
            return tuple(plain)
        kinds = [arguments[0]] * len(plain)
    else:
        kinds = list(arguments)
    if len(kinds) != len(plain):
        message = f"{where} should have {len(kinds)} entries, not {len(plain)}"
        raise ValueError(message)
    return tuple(
        _read(kind, entry, f"{where}[{index}]")
        for index, (kind, entry) in enumerate(zip(kinds, plain, strict=True))
    )
