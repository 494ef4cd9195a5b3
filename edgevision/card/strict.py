"""Reading values out of JSON that a stranger may have written: typed, bounded, refused clearly.

Every reader names the place it looks at ("provenance.seed"), so that the error can say it.
"""

import json
import math
from typing import Any, NoReturn

from edgevision.errors import ModelError

MAX_JSON_BYTES = 8 << 20
"""A card with 100 000 labels of usual length takes some 2 MB."""


class Fields:
    """The members of one JSON object; each reader checks the type and size of what it returns."""

    def __init__(self, values: object, place: str = "card") -> None:
        if not isinstance(values, dict):
            refuse(place, "an object", values)
        self._values: dict[str, Any] = values
        self._place = place

    def fields(self, name: str) -> "Fields":
        """The object `name`."""
        return Fields(self._values.get(name), self._at(name))

    def optional_fields(self, name: str) -> "Fields | None":
        """The object `name`, or None when absent or null."""
        return None if self._values.get(name) is None else self.fields(name)

    def items(self, name: str, limit: int) -> "list[Any]":
        """The list `name` of at most `limit` items; empty when absent."""
        values = self._values.get(name, [])
        if not isinstance(values, list) or len(values) > limit:
            refuse(self._at(name), f"a list of at most {limit}", values)
        return values

    def text(self, name: str, limit: int, default: str | None = None) -> str:
        """The string `name` of at most `limit` characters."""
        return as_text(self._values.get(name, default), self._at(name), limit)

    def texts(self, name: str, *, count: int, limit: int) -> tuple[str, ...]:
        """The list `name` of at most `count` strings of at most `limit` characters."""
        place = self._at(name)
        return tuple(as_text(value, place, limit) for value in self.items(name, count))

    def text_map(self, name: str, *, count: int, limit: int) -> tuple[tuple[str, str], ...]:
        """The object `name` of strings, as pairs sorted by key; empty when absent."""
        values = self._values.get(name, {})
        if not isinstance(values, dict) or len(values) > count:
            refuse(self._at(name), f"an object of at most {count} strings", values)
        place = self._at(name)
        return tuple(
            (as_text(key, place, limit), as_text(values[key], place, limit))
            for key in sorted(values)
        )

    def integer(self, name: str) -> int:
        """The whole number `name`."""
        return as_integer(self._values.get(name), self._at(name))

    def optional_integer(self, name: str) -> int | None:
        """The whole number `name`, or None when absent or null."""
        return None if self._values.get(name) is None else self.integer(name)

    def integers(self, name: str, limit: int) -> tuple[int, ...]:
        """The list `name` of at most `limit` whole numbers."""
        place = self._at(name)
        return tuple(as_integer(value, place) for value in self.items(name, limit))

    def optional_number(self, name: str) -> float | None:
        """The finite number `name`, or None when absent or null."""
        value = self._values.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            refuse(self._at(name), "a number", value)
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            refuse(self._at(name), "a finite number", value)
        return number

    def raw(self, name: str) -> Any:
        """The unchecked value `name`, None when absent."""
        return self._values.get(name)

    def _at(self, name: str) -> str:
        return f"{self._place}.{name}"


def parse_json(data: bytes, place: str) -> Any:
    """The value that `data` spells.

    Raises:
        ModelError: it is too long, not UTF-8, not JSON, or nested beyond reason.
    """
    if len(data) > MAX_JSON_BYTES:
        message = f"{place} has {len(data)} bytes; at most {MAX_JSON_BYTES} are read"
        raise ModelError(message)
    try:
        return json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        message = f"{place} is not valid JSON: {error}"
        raise ModelError(message) from error


def as_text(value: object, place: str, limit: int) -> str:
    """`value` when it is a string of at most `limit` characters without control characters."""
    if not isinstance(value, str) or len(value) > limit or not is_plain(value):
        refuse(place, f"plain text of at most {limit} characters", value)
    return value


def as_integer(value: object, place: str) -> int:
    """`value` when it is a whole number that fits 64 bits."""
    if isinstance(value, bool) or not isinstance(value, int) or not -(2**63) <= value < 2**63:
        refuse(place, "a whole number", value)
    return value


def is_plain(text: str) -> bool:
    """Whether `text` has neither control characters (they could drive a terminal) nor line ends."""
    return all(
        character >= " "
        and not "\x7f" <= character <= "\x9f"
        and character not in "\u2028\u2029"
        and not "\ud800" <= character <= "\udfff"
        for character in text
    )


def refuse(place: str, wanted: str, value: object) -> NoReturn:
    """Raise ModelError: at `place` there should be `wanted`, and there is `value`."""
    try:
        shown = repr(value)
    except (ValueError, RecursionError):
        shown = type(value).__name__
    if len(shown) > 60:
        shown = f"{shown[:57]}..."
    message = f"{place} must be {wanted}, got {shown}"
    raise ModelError(message, hint="the model card is damaged; package the model again")
