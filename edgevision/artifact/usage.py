"""How to feed a given `.tflite`: what its card says, or what the user declares in its place."""

from dataclasses import dataclass
from pathlib import Path

from edgevision.artifact.model import read_model
from edgevision.artifact.reading import read_card
from edgevision.errors import ModelError, UsageError
from edgevision.preprocess.contract import Contract
from edgevision.preprocess.presets import PRESETS


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What it takes to run a classifier on photos."""

    contract: Contract
    labels: tuple[str, ...]


def usage_of(path: Path, preset: str | None = None) -> Usage:
    """How to use the file at `path`: by the named preset when given, else by its card.

    Raises:
        UsageError: nothing says how photos become the model's input, or the preset is unknown or
            does not fit.
        ModelError: the file or its card is damaged, or the model does not take one image.
    """
    if preset is None:
        card = read_card(path)
        if card is None:
            message = f"{path.name} does not say how photos become its input"
            raise UsageError(message, hint=f"declare it: --preprocess {'|'.join(PRESETS)}")
        return Usage(contract=card.contract, labels=card.labels)
    if preset not in PRESETS:
        message = f"unknown preprocessing {preset!r}; known: {', '.join(PRESETS)}"
        raise UsageError(message)
    return Usage(contract=_declared(path, preset), labels=_labels(path))


def _declared(path: Path, preset: str) -> Contract:
    model = read_model(path)
    shapes = [model.tensors[index].shape for index in model.inputs]
    if len(shapes) != 1 or len(shapes[0]) != 4:
        message = f"{path.name} does not take one image: its inputs are {[list(s) for s in shapes]}"
        raise ModelError(message)
    _batch, height, width, channels = shapes[0]
    chosen = PRESETS[preset]
    is_scalar = len(chosen.mean) == len(chosen.std) == 1
    if channels not in {1, 3} or (channels == 1 and not is_scalar):
        message = f"preprocessing {preset} does not fit an input of {channels} channels"
        raise UsageError(message)
    return Contract(
        width=width,
        height=height,
        color="gray" if channels == 1 else chosen.color,
        mean=chosen.mean,
        std=chosen.std,
    )


def _labels(path: Path) -> tuple[str, ...]:
    try:
        card = read_card(path)
    except ModelError:
        # The user has declared how to use the file; a damaged card must not stop that.
        return ()
    return card.labels if card else ()
