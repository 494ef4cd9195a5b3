"""Write plain values as TOML, which the standard library only reads."""

import json
from collections.abc import Mapping
from typing import Any


def to_toml(values: Mapping[str, Any]) -> str:
    """`values` (text, numbers, booleans, lists of these, and one level of tables) as TOML."""
    lines = [f"{key} = {_value(value)}" for key, value in values.items() if not _is_table(value)]
    for key, table in values.items():
        if _is_table(table):
            lines += ["", f"[{key}]"]
            lines += [f"{name} = {_value(value)}" for name, value in table.items()]
    return "\n".join(lines) + "\n"


def _is_table(value: object) -> bool:
    return isinstance(value, Mapping)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        # JSON's escapes are TOML's, but for the one control character that JSON leaves alone.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, list | tuple):
        parts = [_value(item) for item in value]
        flat = ", ".join(parts)
        return f"[{flat}]" if len(flat) < 80 else "[\n  " + ",\n  ".join(parts) + ",\n]"
    message = f"no TOML for {type(value).__name__}"
    raise TypeError(message)
