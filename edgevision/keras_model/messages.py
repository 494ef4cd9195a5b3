"""Errors on their way from the child to its parent, as JSON values."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgevision import errors
from edgevision.errors import EdgeVisionError
from edgevision.keras_model.child import LOG

_KINDS: Mapping[str, type[EdgeVisionError]] = {
    name: kind
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, EdgeVisionError)
}


def error_to_dict(error: EdgeVisionError) -> dict[str, str]:
    """An error as JSON values, under the nearest class that the parent knows."""
    kind = next(kind.__name__ for kind in type(error).__mro__ if kind.__name__ in _KINDS)
    return {"kind": kind, "message": str(error), "hint": error.hint}


def error_from_dict(fields: Mapping[str, Any], *, log_path: Path) -> EdgeVisionError:
    """The error that `error_to_dict` described, with the log's path where it speaks of the log."""
    hint = str(fields["hint"]).replace(LOG, str(log_path))
    return _KINDS[str(fields["kind"])](str(fields["message"]), hint=hint)
