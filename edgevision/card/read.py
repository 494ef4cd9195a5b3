"""Finding the model card of a `.tflite`: inside it, beside it, or in its standard metadata."""

import hashlib
from dataclasses import dataclass
from math import isfinite, prod
from pathlib import Path
from typing import Literal

from edgevision.card.card import CARD_ENTRY, EARLIER_CARD_FILE, Card, card_file_of
from edgevision.card.json_form import card_from_plain, parse_card_json
from edgevision.card.standard_metadata import ENTRY, StandardMetadata, read_metadata
from edgevision.errors import ModelError, UsageError
from edgevision.preprocess.image_preprocessing import ColorOrder, ImagePreprocessing
from edgevision.serialization.limits import STRANGER, is_plain_text
from edgevision.tasks.spec import TaskSpec
from edgevision.tflite.arithmetic import precision_of
from edgevision.tflite.envelope.associated import read_file
from edgevision.tflite.facts import interface_of
from edgevision.tflite.read import read_content, read_model
from edgevision.tflite.view import TfliteModel

Origin = Literal["embedded", "beside", "TFLite Metadata"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundCard:
    """A card, and where it was found."""

    card: Card
    origin: Origin
    differences: tuple[str, ...]
    """Where the file is no longer what its card says: it was changed after it was packaged."""


def read_card(path: Path) -> Card | None:
    """The model card of the file, or None when nothing declares how to use it.

    Raises:
        ModelError: the file is damaged, or its card is or has a version not known here.
    """
    found = find_card(path)
    return found.card if found else None


def find_card(path: Path) -> FoundCard | None:
    """As `read_card`, with where the card was found and whether it still fits the file.

    Our JSON in the file comes first, then a card file beside it (`NAME.card.json`, or the
    `model.json` of earlier versions) whose digest says that it belongs to exactly this file, then
    the standard TFLite Metadata that other tools write.
    """
    content = read_content(path)
    model = read_model(content)
    if CARD_ENTRY in model.metadata:
        plain = parse_card_json(model.metadata[CARD_ENTRY], f"the card in {path.name}")
        card = card_from_plain(plain)
        return FoundCard(card=card, origin="embedded", differences=_differences(card, model))
    beside = _card_beside(path, content)
    if beside is not None:
        return FoundCard(card=beside, origin="beside", differences=_differences(beside, model))
    if ENTRY in model.metadata:
        standard = card_of_standard(path.stem, content, model)
        if standard is not None:
            return FoundCard(card=standard, origin="TFLite Metadata", differences=())
    return None


def card_of_standard(name: str, content: bytes, model: TfliteModel) -> Card | None:
    """The card that a file's standard TFLite Metadata amounts to, or None when it says too little.

    The standard does not say how a photo is fitted to the input: its readers stretch it.

    Raises:
        ModelError: the metadata is damaged.
    """
    standard = read_metadata(model.metadata[ENTRY])
    preprocessing = _preprocessing(standard, model)
    if preprocessing is None:
        return None
    inputs, outputs = interface_of(model)
    is_detection = any(operator.name == _DETECTION for operator in model.operators)
    labels: tuple[str, ...] = ()
    for file_name in standard.label_files:
        data = read_file(content, file_name)
        if data is not None:
            labels = _lines(data)
            break
    # One row of as many numbers: the name of a mask's one channel is no class of the picture.
    if not is_detection and outputs and prod(outputs[0].shape) != len(labels):
        labels = ()
    try:
        return Card(
            name=standard.name if standard.name and is_plain_text(standard.name) else name,
            preprocessing=preprocessing,
            # Without labels the standard says nothing of what the outputs mean.
            task=TaskSpec(kind="detection" if is_detection else "classification", labels=labels)
            if is_detection or labels
            else None,
            precision=precision_of(model),
            inputs=inputs,
            outputs=outputs,
        )
    except ModelError:
        # Labels with control characters, no outputs: nothing to build a card on.
        return None


_DETECTION = "TFLite_Detection_PostProcess"


def _preprocessing(standard: StandardMetadata, model: TfliteModel) -> ImagePreprocessing | None:
    if len(model.inputs) != 1:
        return None
    tensor = model.tensors[model.inputs[0]]
    if len(tensor.shape) != 4 or tensor.shape[3] not in {1, 3}:
        return None
    color: ColorOrder = "gray" if tensor.shape[3] == 1 else "rgb"
    mean, std = standard.mean, standard.std
    if tensor.dtype == "uint8":
        # By the standard a uint8 input takes pixels as they are, whatever the normalization says;
        # the numbers that make "normalize, then quantize" the identity are the tensor's own.
        scale = tensor.scales[0] if len(tensor.scales) == 1 and tensor.scales[0] > 0 else 1.0
        zero_point = tensor.zero_points[0] if len(tensor.zero_points) == 1 else 0
        mean, std = (float(zero_point),), (1 / scale,)
    if not mean or not std or not all(isfinite(number) for number in (*mean, *std)):
        return None
    try:
        return ImagePreprocessing(
            width=tensor.shape[2], height=tensor.shape[1], color=color, mean=mean, std=std
        )
    except UsageError:
        return None


def _card_beside(path: Path, content: bytes) -> Card | None:
    digest = hashlib.sha256(content).hexdigest()
    for beside in (card_file_of(path), path.with_name(EARLIER_CARD_FILE)):
        try:
            if beside.stat().st_size > STRANGER.document_bytes:
                continue
            data = beside.read_bytes()
        except OSError:
            continue
        plain = parse_card_json(data, str(beside))
        file = plain.get("file") if isinstance(plain, dict) else None
        # A folder may hold several models; a card that is not this file's is no card.
        if isinstance(file, dict) and file.get("sha256") == digest:
            return card_from_plain(plain)
    return None


def _differences(card: Card, model: TfliteModel) -> tuple[str, ...]:
    inputs, outputs = interface_of(model)
    differences = []
    for role, written, actual in (
        ("input", card.inputs, inputs),
        ("output", card.outputs, outputs),
    ):
        if len(written) != len(actual):
            differences.append(f"{len(actual)} {role}s, the card says {len(written)}")
        for index, (says, has) in enumerate(zip(written, actual, strict=False)):
            differences += [
                f"{role} {index} has {what} {getattr(has, what)}, "
                f"the card says {getattr(says, what)}"
                for what in ("shape", "dtype", "scale", "zero_point")
                if getattr(says, what) != getattr(has, what)
            ]
    precision = precision_of(model)
    if precision != card.precision:
        differences.append(f"precision is {precision}, the card says {card.precision}")
    return tuple(differences)


def _lines(data: bytes) -> tuple[str, ...]:
    text = data.decode("utf-8", "replace").replace("\r\n", "\n")
    return tuple(text.removesuffix("\n").split("\n"))
