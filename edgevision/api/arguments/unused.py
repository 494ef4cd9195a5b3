"""Arguments that would do nothing are refused, never ignored.

They are named as on the command line, `--max-drop` for `max_drop`: see docs/python.md.
"""

from collections.abc import Mapping

from edgevision.errors import UsageError


def refuse_unused(given: Mapping[str, object], *, without: str = "") -> None:
    """Raise for an argument that would do nothing; None, False and what is empty is not given.

    Raises:
        UsageError: naming the first one.
    """
    for name, value in given.items():
        if value is None or value is False or (isinstance(value, list | tuple) and not value):
            continue
        option = f"--{name.replace('_', '-')}"
        why = f"without {without}" if without else "together with what else was asked for"
        message = f"{option} does nothing {why}"
        hint = f"leave {option} away" + (f", or add {without}" if without else "")
        raise UsageError(message, hint=hint)


def refuse_below_one(name: str, value: int | None) -> None:
    """Raise for a count that is none.

    Raises:
        UsageError: it is 0 or less.
    """
    if value is not None and value < 1:
        raise UsageError(f"{name} must be 1 or more, got {value}")
