"""Errors on their way from the child to its parent, as JSON values."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edgevision import errors
from edgevision.errors import EdgeVisionError
from edgevision.keras_model.child import LOG
from edgevision.serialization.decode import from_plain
from edgevision.serialization.encode import to_plain

_KINDS: Mapping[str, type[EdgeVisionError]] = {
    name: kind
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, EdgeVisionError)
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _ErrorMessage:
    kind: str
    """Name of one of the classes in `errors`."""
    message: str
    hint: str


def error_to_plain(error: EdgeVisionError) -> dict[str, str]:
    """An error as JSON values, under the nearest class that the parent knows."""
    kind = next(kind.__name__ for kind in type(error).__mro__ if kind.__name__ in _KINDS)
    plain: dict[str, str] = to_plain(_ErrorMessage(kind=kind, message=str(error), hint=error.hint))
    return plain


def error_from_plain(plain: object, *, log_path: Path) -> EdgeVisionError:
    """The error that `error_to_plain` described, with the log's path where it speaks of the log."""
    found = from_plain(_ErrorMessage, plain, where="the child's error")
    return _KINDS[found.kind](found.message, hint=found.hint.replace(LOG, str(log_path)))
