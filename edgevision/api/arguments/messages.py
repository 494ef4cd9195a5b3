"""What a function has to say beside its result: told at once, and kept for the result."""

from dataclasses import dataclass, field
from typing import Literal, Protocol

Severity = Literal["note", "warning"]


class Notify(Protocol):
    """Called as `notify("warning", "left out of photos: a.heic")`, when there is something."""

    def __call__(self, severity: Severity, text: str, /) -> None:
        """Hear one sentence."""


def unheard(_severity: Severity, _text: str, /) -> None:
    """Do nothing with it: the default everywhere, since the result has the same sentences."""


@dataclass(slots=True)
class Messages:
    """The sentences of one call so far."""

    notify: Notify = unheard
    notes: list[str] = field(default_factory=list)
    """What someone waiting wants to know."""
    warnings: list[str] = field(default_factory=list)
    """What should be read."""

    def note(self, text: str) -> None:
        """Tell and keep what is good to know."""
        self.notes.append(text)
        self.notify("note", text)

    def warn(self, text: str) -> None:
        """Tell and keep what should be read."""
        self.warnings.append(text)
        self.notify("warning", text)
