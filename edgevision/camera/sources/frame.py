"""One picture from a source: when it was taken, and its pixels in whatever layout they came."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from edgevision.errors import DeviceError

Layout = Literal["bgr", "rgb", "gray", "bgra", "rgba", "i420", "nv12", "jpeg"]
"""How the numbers of `Frame.data` stand in memory. jpeg: the undecoded bytes, one dimension.
i420, nv12: (height * 3 / 2, stride), luma rows above the chroma, in two quarter planes or mixed."""

Image: TypeAlias = NDArray[np.uint8]
"""(height, width, 3) in the order that `Frame.order` names, 0-255."""

Order = Literal["bgr", "rgb"]


@dataclass(slots=True, kw_only=True)
class Frame:
    """One picture; decoded and converted to three channels once, by whoever needs it first.

    Not frozen for that reason only. A frame handed to several threads must have been unpacked
    before (`unpack`), so that they all just read.
    """

    sequence: int
    """Counts the frames of this run from 0, over reconnections."""
    captured_ns: int
    """When it was exposed or, where the source does not say, when it arrived; time.monotonic_ns."""
    data: NDArray[Any]
    layout: Layout
    width: int = 0
    """Of the picture in pixels when `data` does not say: i420 and nv12 rows may be longer."""
    prepared: NDArray[Any] | None = None
    """The model's input, when a thread ahead of inference made it already."""
    turn: Callable[[Image], Image] | None = None
    """What makes the picture upright, when the camera hangs otherwise."""
    _image: Image | None = field(default=None, repr=False)

    @property
    def order(self) -> Order:
        """Colour order of `unpack()`."""
        return "rgb" if self.layout in {"rgb", "rgba", "i420", "nv12"} else "bgr"

    def unpack(self) -> Image:
        """The picture with three channels, in `order`; the same array each time.

        Raises:
            DeviceError: a JPEG that does not decode, or an array that is no picture.
        """
        if self._image is None:
            image = _three_channels(self)
            self._image = self.turn(image) if self.turn else image
        return self._image


_TO_THREE = {
    "gray": cv2.COLOR_GRAY2BGR,
    "bgra": cv2.COLOR_BGRA2BGR,
    "rgba": cv2.COLOR_RGBA2RGB,
    "i420": cv2.COLOR_YUV2RGB_I420,
    "nv12": cv2.COLOR_YUV2RGB_NV12,
}
_SHAPES = {"bgr": (3, 3), "rgb": (3, 3), "gray": (2, 0), "bgra": (3, 4), "rgba": (3, 4)}
"""Layout -> (dimensions, channels)."""


def _three_channels(frame: Frame) -> Image:
    data = frame.data
    if data.size == 0 or data.dtype != np.uint8:
        raise _no_picture(frame)
    if frame.layout == "jpeg":
        return _decode(data)
    if frame.layout in _SHAPES:
        dimensions, channels = _SHAPES[frame.layout]
        if data.ndim != dimensions or (channels and data.shape[2] != channels):
            raise _no_picture(frame)
        if frame.layout in {"bgr", "rgb"}:
            return data
    elif data.ndim != 2 or data.shape[0] % 3 or data.shape[1] % 2:
        raise _no_picture(frame)
    image = np.asarray(cv2.cvtColor(data, _TO_THREE[frame.layout]), np.uint8)
    # Rows are padded to the hardware's stride: cut after converting, the chroma planes share it.
    return image[:, : frame.width] if frame.width else image


def _decode(encoded: NDArray[np.uint8]) -> Image:
    try:
        image = cv2.imdecode(encoded, cv2.IMREAD_COLOR)
    except cv2.error as error:
        message = f"a JPEG of {encoded.size} bytes does not decode: {error.err}"
        raise DeviceError(message) from error
    if image is None:
        message = f"a JPEG of {encoded.size} bytes does not decode"
        raise DeviceError(message)
    return np.asarray(image, np.uint8)


def _no_picture(frame: Frame) -> DeviceError:
    found = f"{frame.data.dtype} {frame.data.shape}"
    return DeviceError(f"frame {frame.sequence} is no {frame.layout} picture: {found}")
