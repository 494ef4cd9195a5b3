"""Preprocessing by name: what the field's training code does to pixels (0-255)."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from edgevision.preprocess.image_preprocessing import ColorOrder, ImagePreprocessing


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """Colour order and normalization under a well-known name; size and fit are the model's."""

    meaning: str
    mean: tuple[float, ...]
    std: tuple[float, ...]
    color: ColorOrder = "rgb"


PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        "raw": Preset(
            meaning="pixels 0..255 as they are (models with Rescaling inside)",
            mean=(0.0,),
            std=(1.0,),
        ),
        "unit": Preset(meaning="0..1: x/255", mean=(0.0,), std=(255.0,)),
        "imagenet-tf": Preset(
            meaning="-1..1: x/127.5 - 1 (keras.applications mode 'tf')", mean=(127.5,), std=(127.5,)
        ),
        "imagenet-torch": Preset(
            meaning="(x/255 - [.485 .456 .406]) / [.229 .224 .225]",
            mean=(123.675, 116.28, 103.53),
            std=(58.395, 57.12, 57.375),
        ),
        "imagenet-caffe": Preset(
            meaning="BGR, x - [103.939 116.779 123.68]",
            mean=(103.939, 116.779, 123.68),
            std=(1.0,),
            color="bgr",
        ),
        "imagenet-lite": Preset(
            meaning="(x - 127) / 128 (EfficientNet-Lite)", mean=(127.0,), std=(128.0,)
        ),
    }
)
"""Sources: keras/src/applications/imagenet_utils.py (modes tf, torch, caffe) and the
EfficientNet-Lite README in tensorflow/tpu."""


def preset_of(preprocessing: ImagePreprocessing) -> str | None:
    """Name of the preset whose normalization and colour order `preprocessing` has, or None.

    One-channel preprocessing has the colour order of every preset with one mean and one std.
    """
    for name, preset in PRESETS.items():
        same = (preset.mean, preset.std) == (preprocessing.mean, preprocessing.std)
        if same and preprocessing.color in {preset.color, "gray"}:
            return name
    return None


def describe(preprocessing: ImagePreprocessing) -> str:
    """Preprocessing in a line for people: "224 x 224 rgb, stretch, imagenet-torch"."""
    fit: str = preprocessing.fit
    if preprocessing.crop_fraction != 1:
        fit += f" {preprocessing.crop_fraction:g}"
    normalization = preset_of(preprocessing) or (
        f"(x - {_numbers(preprocessing.mean)}) / {_numbers(preprocessing.std)}"
    )
    size = f"{preprocessing.width} x {preprocessing.height}"
    return f"{size} {preprocessing.color}, {fit}, {normalization}"


def _numbers(values: tuple[float, ...]) -> str:
    text = ", ".join(f"{value:g}" for value in values)
    return text if len(values) == 1 else f"[{text}]"
