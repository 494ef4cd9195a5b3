"""What a check of an app found."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from edgevision.errors import EdgeVisionError

Outcome = Literal["ok", "warning", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AppFinding:
    """The result of one check."""

    check: str
    """A word to look up in docs/android.md: "model-stored", "permissions", ..."""
    outcome: Outcome
    detail: str


def find(name: str, body: Callable[[], tuple[Outcome, str]]) -> AppFinding:
    """The finding of `body`; what it raises is a failure of the app, not of the check."""
    try:
        outcome, detail = body()
    except EdgeVisionError as error:
        outcome, detail = "failed", str(error)
    return AppFinding(check=name, outcome=outcome, detail=detail)
