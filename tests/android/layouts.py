"""How Android cameras lay a photo out in memory: strides, padding, rotation, YUV 4:2:0.

The reference for the Kotlin readers of such memory, in the plainest NumPy.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from edgevision.tensors import RgbImage

Format = Literal["rgb", "rgba", "yuv"]
Rotation = Literal[0, 90, 180, 270]

ROW_PADDING = 12
"""Bytes after each RGBA row: cameras pad rows to what their hardware likes."""

_PADDING_VALUE = 171
_ALPHA_VALUE = 253
"""Odd values, so that reading them instead of a pixel shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """One way to store a photo."""

    format: Format
    rotation: Rotation = 0
    """Degrees, clockwise, that make the stored picture upright (CameraX's rotationDegrees)."""

    @property
    def name(self) -> str:
        """For file names, "rgba90"."""
        return f"{self.format}{self.rotation}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A picture in memory. YUV: the Y plane, then U and V values taking turns (pixel stride 2)."""

    data: NDArray[np.uint8]
    format: Format
    width: int
    height: int
    row_stride: int
    pixel_stride: int


def as_stored(image: RgbImage, layout: Layout) -> Stored:
    """The memory of a camera that sees the upright `image`."""
    turned = np.ascontiguousarray(np.rot90(image, layout.rotation // 90))
    height, width = turned.shape[:2]
    if layout.format == "rgb":
        data, stride, pixel_stride = turned.reshape(-1), width * 3, 3
    elif layout.format == "rgba":
        stride, pixel_stride = width * 4 + ROW_PADDING, 4
        rows = np.full((height, stride), _PADDING_VALUE, np.uint8)
        pixels = rows[:, : width * 4].reshape(height, width, 4)
        pixels[..., :3], pixels[..., 3] = turned, _ALPHA_VALUE
        rows[:, : width * 4] = pixels.reshape(height, width * 4)
        data = rows.reshape(-1)
    else:
        stride, pixel_stride = width, 1
        data = _to_yuv(turned)
    return Stored(
        data=data,
        format=layout.format,
        width=width,
        height=height,
        row_stride=stride,
        pixel_stride=pixel_stride,
    )


def stored_to_rgb(stored: Stored) -> RgbImage:
    """The picture as it lies in memory, not yet upright."""
    height, width = stored.height, stored.width
    if stored.format == "yuv":
        return _from_yuv(stored.data, width, height)
    rows = stored.data.reshape(height, stored.row_stride)[:, : width * stored.pixel_stride]
    return np.ascontiguousarray(rows.reshape(height, width, stored.pixel_stride)[..., :3])


def rotate_upright(image: RgbImage, rotation: int) -> RgbImage:
    """`image` turned clockwise by `rotation` degrees, a multiple of 90."""
    return np.ascontiguousarray(np.rot90(image, -rotation // 90))


def _to_yuv(image: RgbImage) -> NDArray[np.uint8]:
    # Any values would do; these make the photo recognizable when looked at.
    red, green, blue = (image[..., channel].astype(np.float64) for channel in range(3))
    y = 0.299 * red + 0.587 * green + 0.114 * blue
    u = (blue - y)[::2, ::2] / 1.772 + 128
    v = (red - y)[::2, ::2] / 1.402 + 128
    chroma = np.stack([u, v], axis=-1)
    planes = [y.reshape(-1), chroma.reshape(-1)]

    return np.clip(np.rint(np.concatenate(planes)), 0, 255).astype(np.uint8)


def _from_yuv(data: NDArray[np.uint8], width: int, height: int) -> RgbImage:
    """Full-range BT.601 in 16-bit fixed point, chroma repeated over its 2 x 2 pixels."""
    y = data[: width * height].reshape(height, width).astype(np.int32) << 16
    half_height, half_width = (height + 1) // 2, (width + 1) // 2
    chroma = data[width * height :].reshape(half_height, half_width, 2).astype(np.int32) - 128
    whole = chroma.repeat(2, axis=0).repeat(2, axis=1)[:height, :width]
    blue, red = whole[..., 0], whole[..., 1]
    # 1.402, 0.344136, 0.714136 and 1.772 times 65536, ITU-T T.871.
    wide = np.stack([y + 91881 * red, y - 22553 * blue - 46802 * red, y + 116130 * blue], axis=-1)
    rgb: RgbImage = np.clip((wide + 32768) >> 16, 0, 255).astype(np.uint8)
    return rgb
