"""Checks of the exported files, in an APK or in a project: model, card and golden photos."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import PurePath
from typing import Any

from edgevision.android.check.finding import AppFinding, Outcome, find
from edgevision.android.export import CARD_FILE, GOLDEN_FOLDER, MODEL_FILE, refuse_unfit
from edgevision.android.golden import INDEX
from edgevision.card.json_form import card_from_plain, parse_card_json
from edgevision.errors import ModelError, UsageError
from edgevision.serialization.json_text import parse_json
from edgevision.serialization.limits import STRANGER
from edgevision.tflite.facts import interface_of
from edgevision.tflite.read import read_model

Read = Callable[[str], bytes]
"""Content of a file of the model folder by its name; raises UsageError when it is missing."""


def check_model(read: Read, *, litert: str = "") -> Iterator[AppFinding]:
    """Findings about the exported files.

    Args:
        read: reads one of them.
        litert: version that the app is built with; what the export says when empty.
    """
    yield find("model-digest", lambda: _digest(read))
    yield find("model-card", lambda: _card(read))
    yield find("litert-operations", lambda: _operations(read, litert))
    yield find("golden-files", lambda: _golden_files(read))


def _document(read: Read) -> dict[str, Any]:
    document = parse_card_json(read(CARD_FILE), CARD_FILE)
    if not isinstance(document, dict):
        message = f"{CARD_FILE} is no JSON object"
        raise ModelError(message)
    return document


def _digest(read: Read) -> tuple[Outcome, str]:
    file = _document(read).get("file")
    declared = file.get("sha256") if isinstance(file, dict) else None
    found = hashlib.sha256(read(MODEL_FILE)).hexdigest()
    if declared != found:
        return (
            "failed",
            f"{MODEL_FILE} has digest {found[:12]}, {CARD_FILE} says {str(declared)[:12]}",
        )
    return "ok", found[:12]


def _card(read: Read) -> tuple[Outcome, str]:
    card = card_from_plain(_document(read))
    inputs, outputs = interface_of(read_model(read(MODEL_FILE)))
    if (card.inputs, card.outputs) != (inputs, outputs):
        return "failed", "the card's tensors are not the file's"
    if card.kind != "classification":
        return "failed", f"the demo app shows classes; this card is for {card.kind or 'anything'}"
    labels = f"{len(card.labels)} labels" if card.labels else "no labels"
    return "ok", f"{card.name}, {inputs[0].dtype} to {outputs[0].dtype}, {labels}"


def _operations(read: Read, litert: str) -> tuple[Outcome, str]:
    android = _document(read).get("android")
    declared = str(android.get("litert", "")) if isinstance(android, dict) else ""
    model = read_model(read(MODEL_FILE))
    refuse_unfit(model, litert or declared)
    if litert and declared != litert:
        return "warning", f"exported for LiteRT {declared}, the app has {litert}: export again"
    return "ok", f"{len(model.operators)} operations, all known to LiteRT {litert or declared}"


def _golden_files(read: Read) -> tuple[Outcome, str]:
    content = read(f"{GOLDEN_FOLDER}/{INDEX}")
    index = parse_json(content, where=INDEX, limits=STRANGER, error=ModelError)
    try:
        photos = index["photos"]
        names = [photo[part] for photo in photos for part in ("photo", "tensor", "scores")]
    except (KeyError, TypeError) as error:
        message = f"{INDEX} is damaged"
        raise UsageError(message) from error
    for name in names:
        if not isinstance(name, str) or PurePath(name).name != name:
            return "failed", f"{INDEX} names {name!r}, which is no file beside it"
        read(f"{GOLDEN_FOLDER}/{name}")
    if not names:
        return "failed", "no golden photo: the app cannot check itself"
    return "ok", f"{len(photos)} photos"
