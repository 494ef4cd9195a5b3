"""The `schema_version` of a document: one rule and one sentence for all of them."""

from collections.abc import Mapping

from edgevision.errors import EdgeVisionError, UsageError
from edgevision.serialization.rules import Rules, inside, subject
from edgevision.serialization.scalars import read_int
from edgevision.serialization.schema import AS_TYPED

KEY = "schema_version"


def check_version(
    plain: object,
    *,
    known: int,
    where: str,
    oldest: int | None = None,
    error: type[EdgeVisionError] = UsageError,
    hint: str = "",
) -> int:
    """The `schema_version` of `plain`, from `oldest` (else `known`) to `known`.

    Before anything else is read: what the rest means depends on it. A new entry that older readers
    may ignore keeps the version; what they would misread raises it. `hint` says what to do about
    a document that is too old, or none of ours.

    >>> check_version({"schema_version": 2}, known=2, where="the model card")
    2

    Raises:
        EdgeVisionError: of class `error`: there is no version, or not one that is known here.
    """
    rules = Rules(error=error, hint=hint)
    if not isinstance(plain, Mapping):
        rules.refuse(where, "an object", plain)
    if KEY not in plain:
        rules.fail(f"{subject(where)} has no {KEY}")
    version = read_int(rules, AS_TYPED, plain[KEY], inside(where, KEY))
    first = known if oldest is None else oldest
    if not first <= version <= known:
        span = f"known is {known}" if first == known else f"known are {first} to {known}"
        message = f"{subject(where)} has version {version}, {span}"
        rules.fail(message, "install a newer edgevision" if version > known else "")
    return version
