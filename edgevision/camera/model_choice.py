"""Which model the camera runs, and how a frame becomes its input."""

import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from edgevision.camera.loop.postprocess import Activation
from edgevision.card.read import read_card
from edgevision.errors import ImageSetError, ModelError, UsageError
from edgevision.preprocess.image_preprocessing import ColorOrder, Fit, ImagePreprocessing
from edgevision.preprocess.presets import PRESETS
from edgevision.tflite.view import TfliteModel, read_content, read_model

SETTINGS_FILE = "edgevision.toml"

MAX_LABEL_BYTES = 4 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraModel:
    """A model file and how to use it."""

    path: Path
    preprocessing: ImagePreprocessing
    labels: tuple[str, ...]
    activation: Activation | None
    """None when nothing says; then the scores themselves tell."""


def find_model(folder: Path) -> Path:
    """The model that `edgevision.toml` in `folder` names, or the one `.tflite` there.

    Raises:
        UsageError: there is none, or several and nothing says which.
    """
    settings = folder / SETTINGS_FILE
    if settings.is_file():
        named = _named_model(settings)
        if named is not None:
            return named
    models = sorted(folder.glob("*.tflite"))
    if len(models) == 1:
        return models[0]
    if not models:
        message = f"there is no .tflite file in {folder}"
        raise UsageError(message, hint="edgevision camera MODEL.tflite")
    names = ", ".join(path.name for path in models[:5])
    message = f"{folder} holds {len(models)} models: {names}"
    raise UsageError(
        message, hint=f'name one, or write model = "{models[0].name}" in {settings.name}'
    )


def camera_model(
    path: Path,
    *,
    labels: Path | None = None,
    preset: str | None = None,
    fit: Fit | None = None,
) -> CameraModel:
    """How to use the model at `path`: what its card says, or what the arguments say instead.

    Without a card a uint8 input takes pixels as they are; anything else is not guessed.

    Raises:
        ModelError: the file is damaged, or nothing says how a frame becomes its input.
        UsageError: an argument names nothing known.
        ImageSetError: the label file cannot be read.
    """
    card = read_card(path)
    preprocessing = card.preprocessing if card else None
    if preset is not None or preprocessing is None:
        preprocessing = _preprocessing_without_card(path, read_model(read_content(path)), preset)
    if fit is not None:
        fraction = preprocessing.crop_fraction if fit == "center-crop" else 1.0
        preprocessing = replace(preprocessing, fit=fit, crop_fraction=fraction)
    return CameraModel(
        path=path,
        preprocessing=preprocessing,
        labels=read_labels(labels) if labels else card.labels if card else (),
        activation=card.activation if card else None,
    )


def read_labels(path: Path) -> tuple[str, ...]:
    """One label a line; the index is the line's.

    Raises:
        ImageSetError: the file is missing, too large or not text.
    """
    try:
        if path.stat().st_size > MAX_LABEL_BYTES:
            raise ImageSetError(f"{path} is too long for a list of labels")
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        if isinstance(error, ImageSetError):
            raise
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise ImageSetError(f"cannot read the labels {path}: {reason}") from error
    labels = [line.strip() for line in text.splitlines()]
    while labels and not labels[-1]:
        labels.pop()
    return tuple(labels)


def _named_model(settings: Path) -> Path | None:
    values = _read_toml(settings)
    section = values.get("camera")
    named = section.get("model") if isinstance(section, dict) else None
    named = named if named is not None else values.get("model")
    if named is None:
        return None
    if not isinstance(named, str):
        raise UsageError(f"{settings}: model must be a file name, got {named!r}")
    path = settings.parent / named
    if not path.is_file():
        raise UsageError(f"{settings} names {named}, which is not there")
    return path


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read {path}: {error}") from error


def _preprocessing_without_card(
    path: Path, model: TfliteModel, preset: str | None
) -> ImagePreprocessing:
    if len(model.inputs) != 1:
        raise ModelError(f"{path.name} has {len(model.inputs)} inputs; a camera model has one")
    tensor = model.tensors[model.inputs[0]]
    if len(tensor.shape) != 4 or tensor.shape[0] != 1 or tensor.shape[3] not in {1, 3}:
        shape = " x ".join(map(str, tensor.shape))
        raise ModelError(f"the input of {path.name} is {shape}, not 1 x height x width x 3")
    _, height, width, channels = tensor.shape
    color: ColorOrder = "gray" if channels == 1 else "rgb"
    if preset is not None:
        known = PRESETS.get(preset)
        if known is None:
            raise UsageError(f"unknown preset {preset!r}; known: {', '.join(PRESETS)}")
        mean, std = known.mean, known.std
        if channels == 1 and len(mean) != 1:
            raise UsageError(f"preset {preset} is for three channels, {path.name} has one")
        chosen = color if channels == 1 else known.color
        return ImagePreprocessing(width=width, height=height, color=chosen, mean=mean, std=std)
    if tensor.dtype == "uint8" and len(tensor.scales) == 1:
        # The normalization that makes quantizing a pixel the identity: pixels as they are.
        scale, zero_point = tensor.scales[0], tensor.zero_points[0]
        return ImagePreprocessing(
            width=width, height=height, color=color, mean=(float(zero_point),), std=(1 / scale,)
        )
    raise ModelError(
        f"{path.name} does not say how a frame becomes its {tensor.dtype} input",
        hint=f"add --preprocess {'|'.join(PRESETS)}, or pack the model with edgevision",
    )
