"""The model card out of JSON that a stranger may have written: typed, bounded, refused clearly."""

from edgevision.card.card import SCHEMA_VERSION, Card
from edgevision.errors import ModelError
from edgevision.serialization.decode import from_plain
from edgevision.serialization.json_text import parse_json
from edgevision.serialization.limits import STRANGER
from edgevision.serialization.version import check_version

_HINT = "the model card is damaged; package the model again"


def parse_card_json(data: bytes, where: str) -> object:
    """The plain value that `data`, from the place `where`, spells.

    Raises:
        ModelError: it is too long, not JSON, or nested beyond reason.
    """
    plain: object = parse_json(data, where=where, limits=STRANGER, error=ModelError, hint=_HINT)
    return plain


def card_from_plain(plain: object) -> Card:
    """The card that `plain` (parsed JSON) describes; `to_plain` writes it.

    Raises:
        ModelError: a version or a preprocessing that is not known here, or a value that is
            missing, of the wrong type or out of bounds.
    """
    # The version before anything else: what the rest means depends on it.
    check_version(plain, known=SCHEMA_VERSION, where="the model card", error=ModelError, hint=_HINT)
    return from_plain(Card, plain, where="card", limits=STRANGER, error=ModelError, hint=_HINT)
