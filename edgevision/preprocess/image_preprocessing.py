"""How a photo becomes the input tensor: one frozen value that travels with the model.

An upright RGB photo is fitted to the model's size (`fit`, `resize`), put in the model's colour
order, and normalized: real = (pixel - mean) / std, per channel, pixels in 0..255.
"""

import math
from dataclasses import dataclass
from typing import Annotated, Literal, NoReturn, get_args

from edgevision.errors import UsageError
from edgevision.serialization.schema import Form

Fit = Literal["stretch", "center-crop", "letterbox"]
ColorOrder = Literal["rgb", "bgr", "gray"]
Resize = Literal["linear-exact"]

Numbers = Annotated[tuple[float, ...], Form(one_or_many=True)]
"""One for all channels, or one for each."""

MAX_SIDE = 8192
"""Longest input side accepted; a model card from a stranger must not make us allocate gigabytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagePreprocessing:
    """The one definition of a model's preprocessing, from pixels (0-255) to real input values."""

    width: int
    height: int
    fit: Fit = "stretch"
    """stretch: both sides to size. center-crop: the largest centred region of the input's aspect
    ratio, times `crop_fraction`. letterbox: the whole picture inside, padded with `pad`."""
    crop_fraction: float = 1.0
    """Side of the cropped region as a fraction of the largest possible; center-crop only."""
    pad: int = 0
    """Pixel value around a letterboxed picture, 0-255, all channels."""
    color: ColorOrder = "rgb"
    mean: Numbers = (0.0,)
    """Per channel in `color` order, or one number for all channels; in pixel units (0-255)."""
    std: Numbers = (1.0,)
    """As `mean`; positive."""
    resize: Resize = "linear-exact"
    """cv2.INTER_LINEAR_EXACT: fixed-point bilinear, bit-identical on every machine."""

    def __post_init__(self) -> None:
        for name, side in (("width", self.width), ("height", self.height)):
            if not 1 <= side <= MAX_SIDE:
                _refuse(f"{name} must be 1 to {MAX_SIDE}, got {side}")
        for name, value, choices in (
            ("fit", self.fit, get_args(Fit)),
            ("color", self.color, get_args(ColorOrder)),
            ("resize", self.resize, get_args(Resize)),
        ):
            if value not in choices:
                _refuse(f"{name} must be one of {', '.join(choices)}, got {value!r}")
        if not 0 < self.crop_fraction <= 1:
            _refuse(f"crop_fraction must be above 0 and at most 1, got {self.crop_fraction}")
        if self.crop_fraction != 1 and self.fit != "center-crop":
            _refuse(
                f"crop_fraction {self.crop_fraction:g} needs fit center-crop, not {self.fit}",
                hint="--fit center-crop",
            )
        if not 0 <= self.pad <= 255:
            _refuse(f"pad must be 0 to 255, got {self.pad}")
        for name, values in (("mean", self.mean), ("std", self.std)):
            if len(values) not in {1, self.channels}:
                _refuse(f"{name} needs 1 or {self.channels} numbers, got {len(values)}")
            if not all(math.isfinite(value) for value in values):
                _refuse(f"{name} must be finite, got {list(values)}")
        if min(self.std) <= 0:
            _refuse(f"std must be positive, got {list(self.std)}")

    @property
    def channels(self) -> int:
        """1 for gray, else 3."""
        return 1 if self.color == "gray" else 3

    @property
    def is_scalar(self) -> bool:
        """Whether one mean and one std serve all channels."""
        return len(set(self.mean)) == 1 and len(set(self.std)) == 1

    @property
    def channel_mean(self) -> tuple[float, ...]:
        """`mean`, one number for each channel."""
        return self.mean * self.channels if len(self.mean) == 1 else self.mean

    @property
    def channel_std(self) -> tuple[float, ...]:
        """`std`, one number for each channel."""
        return self.std * self.channels if len(self.std) == 1 else self.std


def _refuse(message: str, hint: str = "") -> NoReturn:
    raise UsageError(message, hint=hint)
