"""JSON texts and files: read within limits, written so that people can read them."""

import json
import re
from pathlib import Path
from typing import Any, NoReturn

from edgevision.errors import EdgeVisionError, UsageError
from edgevision.serialization.encode import to_plain
from edgevision.serialization.files import read_limited
from edgevision.serialization.limits import OWN, Limits, is_deeper
from edgevision.serialization.rules import Rules

_TEXT_OR_NUMBERS = re.compile(r'"(?:[^"\\]|\\.)*"|\[[\d\s,.eE+-]+\]')
_SPACE = re.compile(r"\s+")


def parse_json(
    text: str | bytes,
    *,
    where: str,
    limits: Limits = OWN,
    error: type[EdgeVisionError] = UsageError,
    hint: str = "",
) -> Any:
    """The plain value that `text` spells; `from_plain` makes a dataclass of it.

    >>> parse_json('{"seed": 1}', where="the job")
    {'seed': 1}

    Raises:
        EdgeVisionError: of class `error`: it is too long, not JSON, or nested beyond reason.
    """
    rules = Rules(limits=limits, error=error, hint=hint)
    if len(text) > limits.document_bytes:
        most = limits.document_bytes
        rules.fail(f"{where} has {len(text)} bytes; at most {most} are read")
    try:
        plain = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as reason:
        message = f"{where} is not JSON: {reason}"
        raise error(message, hint=hint) from reason
    if is_deeper(plain, limits.depth):
        rules.fail(f"{where} is nested more than {limits.depth} deep")
    return plain


def read_json(
    path: Path,
    *,
    limits: Limits = OWN,
    error: type[EdgeVisionError] = UsageError,
    hint: str = "",
) -> Any:
    """The plain value in the JSON file at `path`.

    Raises:
        EdgeVisionError: of class `error`: it cannot be read, is too long, not JSON, or nested
            beyond reason.
    """
    content = read_limited(path, Rules(limits=limits, error=error, hint=hint))
    return parse_json(content, where=str(path), limits=limits, error=error, hint=hint)


def to_json(value: object, *, indent: int | None = None) -> str:
    """`value` (dataclasses and what they hold) as JSON, infinities and NaN as null.

    Without `indent` one line of ASCII, for a pipe; with it a file's text: indented, each list of
    numbers on one line, a line end at the end.

    >>> to_json({"samples": (1, 2), "seed": None})
    '{"samples": [1, 2], "seed": null}'
    """
    plain = to_plain(value)
    if indent is None:
        return json.dumps(plain, allow_nan=False)
    text = json.dumps(plain, indent=indent, ensure_ascii=False, allow_nan=False)
    return _TEXT_OR_NUMBERS.sub(_on_one_line, text) + "\n"


def _on_one_line(found: re.Match[str]) -> str:
    text = found[0]
    return text if text.startswith('"') else _SPACE.sub(" ", text)


def _refuse_constant(name: str) -> NoReturn:
    # NaN and Infinity, which Python reads and JSON does not have.
    message = f"{name} is no number"
    raise ValueError(message)
