"""How much a document may hold, for our own files and for files from strangers."""

import re
from dataclasses import dataclass

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What is read at most; `Form` sets other numbers for single fields."""

    document_bytes: int = 256 << 20
    """An hour of raw samples in a benchmark takes some 40 MB."""
    depth: int = 100
    """Objects and lists inside each other, counted from 1."""
    items: int = 10_000_000
    """In one list or one object."""
    characters: int = 1 << 20
    """In one text."""
    is_text_plain: bool = False
    """Refuse control characters, which could drive a terminal, and line ends."""
    is_number_finite: bool = False
    """Refuse infinities and NaN, and the null that stands for them in JSON."""


OWN = Limits()
"""For what we or the user wrote: nobody writes more by hand or by our commands."""

STRANGER = Limits(
    # A model card with 100 000 labels of usual length takes some 2 MB.
    document_bytes=8 << 20,
    depth=32,
    items=100_000,
    characters=1024,
    is_text_plain=True,
    is_number_finite=True,
)
"""For what came with a model file, an app or a phone."""


def is_plain_text(text: str) -> bool:
    r"""Whether `text` has neither control characters (they could drive a terminal) nor line ends.

    >>> is_plain_text("Größe"), is_plain_text("a\x1b[2J")
    (True, False)
    """
    return _CONTROL.search(text) is None


def is_deeper(value: object, depth: int) -> bool:
    """Whether more than `depth` dicts and lists lie inside each other in `value`.

    >>> is_deeper([{"a": 1}], 2), is_deeper([{"a": []}], 2)
    (False, True)
    """
    # Level by level: recursion would end where what it looks for begins.
    level: list[object] = [value] if isinstance(value, (dict, list)) else []
    for _ in range(depth):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else _entries(outer))
            if isinstance(inner, (dict, list))
        ]
    return bool(level)


def _entries(value: object) -> list[object]:
    return value if isinstance(value, list) else []
