"""Frozen dataclasses to plain values: dicts, lists, texts, numbers, True, False and None."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any, get_args, get_origin

from edgevision.serialization.schema import (
    TAG,
    Form,
    bare,
    entries_of,
    form_of,
    is_mapping,
    is_union,
    tagged,
)


def to_plain(value: object, *, omit_none: bool = False, keep_nonfinite: bool = False) -> Any:
    """`value` as JSON and TOML can hold it; `from_plain` reads it back.

    Dataclasses become dicts, tuples lists, paths texts, enumerations their values. JSON has no
    infinities and no NaN: they become None, unless `keep_nonfinite`. `omit_none` leaves entries
    that are None away, since TOML has no null.

    >>> to_plain({"model": Path("a.tflite"), "seed": None}, omit_none=True)
    {'model': 'a.tflite'}

    Raises:
        TypeError: `value` holds something else (bytes, an array).
    """
    return _Encoder(omit_none=omit_none, keep_nonfinite=keep_nonfinite).write(value, Any)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Encoder:
    omit_none: bool
    keep_nonfinite: bool

    def write(self, value: Any, annotation: Any) -> Any:
        """`value` by its own type; what it was declared as tells forms and tags."""
        if is_dataclass(value) and not isinstance(value, type):
            return self._object(value, annotation)
        if isinstance(value, Mapping):
            return self._mapping(value, annotation)
        if isinstance(value, (tuple, list)):
            return self._list(value, annotation)
        return self._scalar(value)

    def _object(self, value: Any, annotation: Any) -> dict[str, Any]:
        tag = {TAG: type(value).__name__} if tagged(annotation) else {}
        pairs = (
            (entry.key, self.write(getattr(value, entry.name), entry.kind))
            for entry in entries_of(value.__class__)
        )
        return tag | self._without_none(pairs)

    def _mapping(self, value: Mapping[Any, Any], annotation: Any) -> dict[str, Any]:
        of_value = (get_args(_member(annotation, is_mapping)[0]) or (Any, Any))[1]
        return self._without_none(
            (_name(key), self.write(entry, of_value)) for key, entry in value.items()
        )

    def _list(self, value: Any, annotation: Any) -> Any:
        kind, form = _member(annotation, _is_tuple)
        arguments = get_args(kind)
        if arguments == (int, Ellipsis):
            # Raw samples come by the ten thousand.
            return list(value)
        if not arguments or arguments[1:] == (Ellipsis,):
            arguments = (arguments or (Any,))[:1] * len(value)
        plain = [self.write(entry, of) for entry, of in zip(value, arguments, strict=True)]
        if not form.pairs:
            return plain
        if len(found := dict(plain)) < len(plain):
            message = f"a name comes twice: {', '.join(str(name) for name, _ in plain)}"
            raise ValueError(message)
        return found

    def _scalar(self, value: Any) -> Any:
        if isinstance(value, Enum):
            return value.value
        if isinstance(value, float):
            return float(value) if self.keep_nonfinite or math.isfinite(value) else None
        if isinstance(value, Path):
            return str(value)
        if value is None or isinstance(value, (bool, int, str)):
            return value
        message = f"no plain value for {type(value).__name__}"
        raise TypeError(message)

    def _without_none(self, pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
        return {name: value for name, value in pairs if value is not None or not self.omit_none}


def _name(key: object) -> str:
    return str(key.value if isinstance(key, Enum) else key)


def _is_tuple(kind: Any) -> bool:
    return get_origin(kind) is tuple


def _member(annotation: Any, fits: Callable[[Any], bool]) -> tuple[Any, Form]:
    """The type declared, or the member of the union declared, that `fits`, and its form."""
    kind, form = bare(annotation), form_of(annotation)
    for member in get_args(kind) if is_union(kind) else (annotation,):
        if fits(bare(member)):
            return bare(member), form_of(member, default=form)
    return Any, form
