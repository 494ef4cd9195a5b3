"""Writing the model card into a `.tflite`, as the standard metadata and as our own JSON."""

import hashlib
from pathlib import Path

from edgevision.card.card import CARD_ENTRY, Card, card_file_of
from edgevision.card.json_form import card_to_plain
from edgevision.card.standard_metadata import ENTRY, LABELS_FILE
from edgevision.card.standard_metadata_writer import build_metadata
from edgevision.files import write_text
from edgevision.serialization.json_text import to_json
from edgevision.tflite.envelope.associated import append_files
from edgevision.tflite.envelope.metadata import unwrap, wrap


def write_card(content: bytes, card: Card) -> bytes:
    """The `.tflite` `content` with `card` inside, in place of any card it had.

    Graph and weights stay byte for byte the same; equal arguments give equal bytes.

    Raises:
        ModelError: `content` is damaged.
    """
    files = {}
    if card.labels:
        files[LABELS_FILE] = "".join(f"{label}\n" for label in card.labels).encode()
    ours = to_json(card_to_plain(card), indent=1)
    entries = {ENTRY: build_metadata(card), CARD_ENTRY: ours.encode()}
    return append_files(wrap(content, entries), files)


def remove_card(content: bytes) -> bytes:
    """The `.tflite` as it was before `write_card`, byte for byte.

    Raises:
        ModelError: `content` is damaged.
    """
    return unwrap(content)


def write_card_file(model: Path, card: Card, *, overwrite: bool = False) -> Path:
    """Write the card beside `model`, a written file (see `card_file_of`), and return its path.

    Raises:
        UsageError: it exists and `overwrite` is False.
        EdgeVisionError: it cannot be written.
    """
    content = model.read_bytes()
    file = {
        "name": model.name,
        "size_bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    path = card_file_of(model)
    write_text(path, to_json({"file": file, **card_to_plain(card)}, indent=1), overwrite=overwrite)
    return path
