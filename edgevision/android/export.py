"""Exporting a model into an app: the file, its card and golden files, all or nothing."""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from edgevision import __version__
from edgevision.android.golden import write_model_goldens
from edgevision.android.interface import needs_int8, to_int8_interface
from edgevision.android.photos import Photo, drawn_photos
from edgevision.android.project import Project
from edgevision.android.proof import prove_equal
from edgevision.android.swap import replacing_folder
from edgevision.card.card import Card
from edgevision.card.json_form import card_to_plain
from edgevision.card.read import find_card
from edgevision.card.write import remove_card, write_card
from edgevision.errors import ModelError, UsageError
from edgevision.preprocess.pixels import to_pixels
from edgevision.progress import Progress, silent
from edgevision.serialization.json_text import to_json
from edgevision.tflite.facts import facts_of, interface_of
from edgevision.tflite.read import read_content, read_model
from edgevision.tflite.runtime_version import unknown_operators
from edgevision.tflite.view import TfliteModel

MODEL_FILE = "model.tflite"
CARD_FILE = "model.json"
"""The app's name for the card: the only model in its folder is MODEL_FILE."""
GOLDEN_FOLDER = "golden"

_OURS = {MODEL_FILE, CARD_FILE, GOLDEN_FOLDER}
_KOTLIN_TYPES = ("float32", "int8")
"""Element types of LiteRT's Kotlin API that images are fed in and scores come in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What was put into the app."""

    folder: Path
    """The app's model folder: the model, model.json and golden/."""
    card: Card
    """Of the file that was written."""
    sha256: str
    size_bytes: int
    source_sha256: str
    litert: str
    inputs_proven: int
    """How many inputs proved the int8 interface equal to the uint8 one; 0 when nothing changed."""
    goldens: int


def export(
    model: Path,
    project: Project,
    *,
    labels: tuple[str, ...] | None = None,
    photos: tuple[Photo, ...] = (),
    progress: Progress = silent,
) -> Exported:
    """Put the `.tflite` `model` into `project`, in place of the model it had; see `export_to`."""
    return export_to(
        project.model_folder,
        model,
        litert=project.litert,
        labels=labels,
        photos=photos,
        progress=progress,
    )


def export_to(
    folder: Path,
    model: Path,
    *,
    litert: str,
    labels: tuple[str, ...] | None = None,
    photos: tuple[Photo, ...] = (),
    progress: Progress = silent,
) -> Exported:
    """Put the `.tflite` `model` into the folder of a model, in place of the one that was there.

    Args:
        folder: made when it is not there.
        model: with a model card inside or beside it.
        litert: version of LiteRT in the app.
        labels: in place of the card's.
        photos: upright photos for the golden files; drawn ones when empty.
        progress: told how far it is.

    Raises:
        ModelError: the file is damaged, has no card, or is nothing that the app can run; the
            message names what stands in the way.
        VerificationError: the file rewritten for Android answers differently.
        UsageError: the folder holds files that are not an export's.
        EdgeVisionError: the folder cannot be written.
    """
    source = read_content(model)
    card = _card_of(model, labels)
    refuse_unfit(read_model(source), litert)
    photos = photos or drawn_photos()
    content, proven = source, 0
    if needs_int8(read_model(source)):
        bare = remove_card(source)
        rewritten = to_int8_interface(bare)
        pixels = tuple(to_pixels(photo.image, card.preprocessing) for photo in photos)
        proven = prove_equal(bare, rewritten, card.preprocessing, pixels, progress=progress)
        card = _with_interface(card, read_model(rewritten))
        content = write_card(rewritten, card)
    elif labels is not None:
        content = write_card(source, card)
    digest = hashlib.sha256(content).hexdigest()
    exported = Exported(
        folder=folder,
        card=card,
        sha256=digest,
        size_bytes=len(content),
        source_sha256=hashlib.sha256(source).hexdigest(),
        litert=litert,
        inputs_proven=proven,
        goldens=len(photos),
    )
    _refuse_strangers(folder)
    with replacing_folder(folder) as fresh:
        (fresh / MODEL_FILE).write_bytes(content)
        (fresh / CARD_FILE).write_text(_card_json(exported, model), encoding="utf-8")
        golden = fresh / GOLDEN_FOLDER
        golden.mkdir()
        write_model_goldens(golden, content, card, photos, progress=progress)
    return exported


def refuse_unfit(model: TfliteModel, litert: str) -> None:
    """Raise when the demo app, built with that LiteRT, could not run `model`.

    Raises:
        ModelError: the message says why not.
        UsageError: there is no table of operations for that LiteRT.
    """
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        message = (
            f"the demo app runs models of one input and one output, this one has "
            f"{len(model.inputs)} and {len(model.outputs)}"
        )
        raise ModelError(message, hint="export a classification model")
    dynamic = facts_of(model).dynamic_shapes
    if dynamic:
        message = f"{dynamic[0]!r} has a side of -1, which LiteRT's CompiledModel cannot allocate"
        raise ModelError(message, hint="edgevision convert writes static shapes: convert it again")
    for role, index in (("input", model.inputs[0]), ("output", model.outputs[0])):
        tensor = model.tensors[index]
        if tensor.dtype not in {*_KOTLIN_TYPES, "uint8"}:
            message = f"the {role} is {tensor.dtype}, for which LiteRT's Kotlin API has no type"
            raise ModelError(message, hint="quantize with a float32, uint8 or int8 interface")
        if tensor.dtype != "float32" and len(tensor.scales) != 1:
            message = f"the {role} is {tensor.dtype} with {len(tensor.scales)} scales, not one"
            raise ModelError(message, hint="quantize the model again with edgevision quantize")
    output = model.tensors[model.outputs[0]].shape
    if not output or any(side != 1 for side in output[:-1]):
        message = f"output shape {output} is no list of class scores"
        raise ModelError(message, hint="export a classification model")
    unknown = unknown_operators(model, litert)
    if unknown:
        message = f"LiteRT {litert} in the app cannot run {'; '.join(unknown)}"
        raise ModelError(message, hint="convert the model again, or raise litert in the app")


def _card_of(model: Path, labels: tuple[str, ...] | None) -> Card:
    found = find_card(model)
    if found is None:
        message = f"{model} has no model card: nothing says how a photo becomes its input"
        raise ModelError(
            message, hint="edgevision convert writes one with --preprocess, and quantize always"
        )
    if found.differences:
        message = f"{model} is not what its card says: {found.differences[0]}"
        raise ModelError(message, hint="write the card again with the tool that changed the file")
    if found.card.kind != "classification":
        kind = found.card.kind or "something that its card does not say"
        message = f"the demo app shows classes, and {model} is for {kind}"
        raise ModelError(
            message,
            hint="export a classifier; where its numbers are scores of classes, make it with "
            "--task classification (edgevision optimize, convert or quantize)",
        )
    # Card checks that they are as many as the classes.
    return found.card if labels is None else _labelled(found.card, labels)


def _labelled(card: Card, labels: tuple[str, ...]) -> Card:
    assert card.task is not None  # noqa: S101 - a card of another kind was refused
    return replace(card, task=replace(card.task, labels=labels))


def _with_interface(card: Card, model: TfliteModel) -> Card:
    inputs, outputs = interface_of(model)
    return replace(card, inputs=inputs, outputs=outputs)


def _card_json(exported: Exported, source: Path) -> str:
    document: dict[str, Any] = {
        "file": {
            "name": MODEL_FILE,
            "size_bytes": exported.size_bytes,
            "sha256": exported.sha256,
        },
        "android": {
            "litert": exported.litert,
            "edgevision": __version__,
            "source_name": source.name,
            "source_sha256": exported.source_sha256,
            "inputs_proven": exported.inputs_proven,
        },
        **card_to_plain(exported.card),
    }
    return to_json(document, indent=1)


def _refuse_strangers(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        message = f"{folder} is no folder"
        raise UsageError(message, hint="move it away; the model's folder has its place")
    if folder.exists():
        strangers = sorted(path.name for path in folder.iterdir() if path.name not in _OURS)
        if strangers:
            message = f"{folder} holds {strangers[0]!r}, which no export wrote"
            raise UsageError(message, hint="move it away; exporting replaces the whole folder")
