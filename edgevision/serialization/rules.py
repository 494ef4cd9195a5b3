"""How strictly a document is read, and the errors that name the bad place in it."""

import reprlib
from dataclasses import dataclass
from typing import Literal, NoReturn

from edgevision.errors import EdgeVisionError, UsageError
from edgevision.serialization.limits import OWN, Limits

Unknown = Literal["ignore", "refuse"]
"""Names that a dataclass lacks: a newer version's, left aside, or somebody's slip, refused."""

_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What is accepted, and the error that says what was not."""

    limits: Limits = OWN
    unknown: Unknown = "ignore"
    error: type[EdgeVisionError] = UsageError
    hint: str = ""
    """What to do about a bad document, when the error itself does not say."""

    def refuse(self, where: str, wanted: str, value: object) -> NoReturn:
        """Raise: at `where` there should be `wanted`, and there is `value`."""
        self.fail(f"{subject(where)} should be {wanted}, not {shown(value)}")

    def fail(self, message: str, hint: str = "") -> NoReturn:
        """Raise with `message`, and `hint` or the one for every bad document."""
        raise self.error(message, hint=hint or self.hint)


def inside(where: str, name: str) -> str:
    """The place of entry `name` of the object at `where`; a file's path ends with a colon.

    >>> inside("card", "labels"), inside("", "seed"), inside("set.toml:", "seed")
    ('card.labels', 'seed', 'set.toml: seed')
    >>> inside("card.tools", "tf-nightly")
    "card.tools['tf-nightly']"
    """
    if not name.isidentifier():
        return f"{where}[{shown(name)}]"
    if not where:
        return name
    return f"{where} {name}" if where.endswith(":") else f"{where}.{name}"


def subject(where: str) -> str:
    """The place as the subject of a sentence."""
    return where.rstrip(":") or "the document"


def about(where: str, message: str) -> str:
    """`message` with the place it speaks of in front.

    >>> about("card.preprocess", "std must be positive"), about("", "no labels")
    ('card.preprocess: std must be positive', 'no labels')
    """
    return f"{where.rstrip(':')}: {message}" if where else message


def shown(value: object) -> str:
    """`value` as an error can show it: on one line, shortened, whatever it is.

    >>> shown("x"), shown(10**5000)
    ("'x'", 'int')
    """
    try:
        return _SHORT.repr(value)
    except (ValueError, RecursionError):
        # An integer of more digits than Python converts.
        return type(value).__name__
