"""TOML texts and files: read within limits, written by tomli-w."""

import tomllib
from pathlib import Path
from typing import Any

from edgevision.errors import EdgeVisionError, UsageError
from edgevision.serialization.encode import to_plain
from edgevision.serialization.files import read_limited
from edgevision.serialization.limits import OWN, Limits, is_deeper
from edgevision.serialization.rules import Rules


def read_toml(
    path: Path,
    *,
    limits: Limits = OWN,
    error: type[EdgeVisionError] = UsageError,
    hint: str = "",
) -> dict[str, Any]:
    """The plain values in the TOML file at `path`; `from_plain` makes a dataclass of them.

    Raises:
        EdgeVisionError: of class `error`: it cannot be read, is too long, not TOML, or nested
            beyond reason.
    """
    rules = Rules(limits=limits, error=error, hint=hint)
    content = read_limited(path, rules)
    try:
        values = tomllib.loads(content.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as reason:
        message = f"{path} is not TOML: {reason}"
        raise error(message, hint=hint) from reason
    if is_deeper(values, limits.depth):
        rules.fail(f"{path} is nested more than {limits.depth} deep")
    return values


def to_toml(value: object) -> str:
    """`value` (a dataclass, or a dict of what one may hold) as TOML; what is None is left away.

    >>> print(to_toml({"seed": 1, "preprocessing": {"fit": "stretch", "pad": None}}), end="")
    seed = 1
    <BLANKLINE>
    [preprocessing]
    fit = "stretch"

    Raises:
        TypeError: it is no table, or holds what TOML has not: bytes, None in a list.
    """
    # Not at the top: who only reads needs no tomli-w.
    import tomli_w

    plain = to_plain(value, omit_none=True, keep_nonfinite=True)
    if not isinstance(plain, dict):
        message = f"a TOML document is a table, not {type(value).__name__}"
        raise TypeError(message)
    return tomli_w.dumps(plain, indent=2)
