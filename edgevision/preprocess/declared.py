"""What is known of a model's preprocessing before the model itself is opened.

Three sources, the nearer one wins: an explicit number, then a file, then the named preset. The
model gives width, height and the number of channels. Nothing else is filled in: when the
normalization is not said, that is an error which lists the presets.
"""

import difflib
from dataclasses import dataclass, fields, replace
from typing import Any

from edgevision.errors import UsageError
from edgevision.preprocess.image_preprocessing import (
    ColorOrder,
    Fit,
    ImagePreprocessing,
    Numbers,
    Resize,
)
from edgevision.preprocess.presets import PRESETS, Preset

AUTO = "auto"
"""In place of a preset's name: measure the candidates (preprocess/auto.py)."""

HOW = f"--preprocess {' | '.join(PRESETS)} | file.toml, or --mean and --std in pixel units (0-255)"
"""What to do about it: the hint of every such error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preprocessing:
    """What was declared; None where nothing was: `ImagePreprocessing`, a preset's name.

    Example:
        >>> import edgevision as ev
        >>> ev.Preprocessing(preset="imagenet-torch", fit="center-crop", crop_fraction=0.875).fit
        'center-crop'
    """

    preset: str | None = None
    """A name in `PRESETS`; "auto" leaves the normalization to labelled photos."""
    width: int | None = None
    height: int | None = None
    fit: Fit | None = None
    crop_fraction: float | None = None
    pad: int | None = None
    color: ColorOrder | None = None
    mean: Numbers | None = None
    std: Numbers | None = None
    resize: Resize | None = None

    def __post_init__(self) -> None:
        if self.preset is not None and self.preset not in PRESETS and not self.is_auto:
            raise unknown_preset(self.preset)
        # ImagePreprocessing checks the values; what is not said yet is filled in so that it can.
        values = {name: value for name, value in declared_in(self).items() if name != "preset"}
        fit: Fit = "stretch" if self.crop_fraction is None else "center-crop"
        assumed: dict[str, Any] = {"width": 1, "height": 1, "fit": fit}
        ImagePreprocessing(**(assumed | values))
        # Just below 1 is the scale of a uint8 input whose range was widened: 255 / 256.
        if self.std is not None and max(self.std) < 0.9:
            raise _unit_scaled(self)

    def over(self, other: "Preprocessing") -> "Preprocessing":
        """These values, and those of `other` where nothing was declared here.

        A crop fraction goes with the crop: another fit here leaves that of `other` out.
        """
        if self.fit not in {None, "center-crop"}:
            other = replace(other, fit=None, crop_fraction=None)
        return replace(other, **declared_in(self))

    @property
    def is_complete(self) -> bool:
        """Whether the normalization is known."""
        named = self.preset is not None and not self.is_auto
        return named or (self.mean is not None and self.std is not None)

    @property
    def is_auto(self) -> bool:
        """Whether the normalization is to be measured on labelled photos."""
        return self.preset == AUTO

    def preprocessing(self, *, width: int, height: int, channels: int) -> ImagePreprocessing:
        """The preprocessing of a model with this input.

        Raises:
            UsageError: the normalization was not said, or it does not fit the model's input.
        """
        for name, declared, real in (("width", self.width, width), ("height", self.height, height)):
            if declared is not None and declared != real:
                message = f"preprocessing says {name} {declared}, but the model's input has {real}"
                raise UsageError(message, hint=f"remove {name}: the model gives it")
        if not self.is_complete:
            raise nothing_declared(self)
        preset = None if self.preset is None or self.is_auto else PRESETS[self.preset]
        color = self._color_for(channels, preset)
        values = {name: value for name, value in declared_in(self).items() if name != "preset"}
        values |= {"width": width, "height": height, "color": color}
        if preset is not None:
            for name, numbers in (("mean", preset.mean), ("std", preset.std)):
                values.setdefault(name, _reordered(numbers, preset.color, color))
        for name in ("mean", "std"):
            if len(values[name]) > 1 and color == "gray":
                of = f"preset {self.preset}" if getattr(self, name) is None else name
                message = f"{of} has {len(values[name])} channels, but the model takes one"
                raise UsageError(message, hint="give one number each with --mean and --std")
        return ImagePreprocessing(**values)

    def notes(self) -> tuple[str, ...]:
        """A sentence for each explicit value that differs from the named preset's."""
        if self.preset is None or self.is_auto:
            return ()
        preset = PRESETS[self.preset]
        declared = []
        if self.color not in {None, preset.color, "gray"}:
            declared.append(
                f"color {self.color} is used, where {self.preset} has {preset.color}; "
                "its per-channel numbers are reordered to match"
            )
        color = self.color or preset.color
        for name, numbers, of_preset in (
            ("mean", self.mean, preset.mean),
            ("std", self.std, preset.std),
        ):
            usual = _reordered(of_preset, preset.color, color)
            if numbers is not None and _for_each(numbers) != _for_each(usual):
                declared.append(
                    f"{name} {_listed(numbers)} is used, where {self.preset} has {_listed(usual)}"
                )
        return tuple(declared)

    def _color_for(self, channels: int, preset: Preset | None) -> ColorOrder:
        if channels not in {1, 3}:
            message = f"the model's input has {channels} channels"
            raise UsageError(message, hint="images have 3 channels, or 1 in grey")
        if channels == 1:
            if self.color not in {None, "gray"}:
                message = f"color {self.color} has 3 channels, but the model's input has one"
                raise UsageError(message, hint="leave --color away, or say gray")
            return "gray"
        if self.color == "gray":
            message = "color gray has one channel, but the model's input has 3"
            raise UsageError(message, hint="leave --color away, or say rgb or bgr")
        return self.color or (preset.color if preset is not None else "rgb")


def nothing_declared(
    declared: Preprocessing | None = None, *, model: str = "this model", can_measure: bool = False
) -> UsageError:
    """The error for a model whose normalization nobody declared: never a guess.

    `can_measure` is for the command that takes `--preprocess auto`; the others refuse it.
    """
    half = ""
    if declared is not None and (declared.mean is not None or declared.std is not None):
        half = " (mean and std are needed, both)"
    measure = f"; or --preprocess {AUTO}, with labelled images" if can_measure else ""
    return UsageError(f"how {model} wants its pixels is not known{half}", hint=HOW + measure)


def unknown_preset(name: str) -> UsageError:
    """The error for a preset nobody defined, with the nearest one that is."""
    near = difflib.get_close_matches(name, [*PRESETS, AUTO], n=1)
    ask = f"did you mean {near[0]}? " if near else ""
    return UsageError(
        f"there is no preprocessing preset {name!r}", hint=f"{ask}known: {', '.join(PRESETS)}"
    )


def _unit_scaled(declared: Preprocessing) -> UsageError:
    # torchvision's and many others' constants are of pixels 0..1: the commonest mistake of all.
    fix = ""
    for name, numbers in (("mean", declared.mean), ("std", declared.std)):
        if numbers is not None:
            fix += f" --{name} " + ",".join(f"{255 * number:g}" for number in numbers)
    return UsageError(
        f"std {_listed(declared.std or ())} is of pixels 0..1; here pixels are 0..255",
        hint=f"times 255:{fix}",
    )


def declared_in(declared: Preprocessing) -> dict[str, Any]:
    """The fields that are not None, by name."""
    every = {field.name: getattr(declared, field.name) for field in fields(declared)}
    return {name: value for name, value in every.items() if value is not None}


def _reordered(
    numbers: tuple[float, ...], order: ColorOrder, wanted: ColorOrder
) -> tuple[float, ...]:
    return numbers[::-1] if {order, wanted} == {"rgb", "bgr"} else numbers


def _for_each(numbers: tuple[float, ...]) -> tuple[float, ...]:
    return numbers * 3 if len(numbers) == 1 else numbers


def _listed(numbers: tuple[float, ...]) -> str:
    text = ", ".join(f"{number:g}" for number in numbers)
    return text if len(numbers) == 1 else f"[{text}]"
