"""Let the real picamera2 accept libcamera's virtual camera; what the source calls is untouched."""

from typing import Any

from picamera2 import Picamera2
from picamera2.allocators.libcameraallocator import LibcameraAllocator

_begin = Picamera2.__init__


def _init(self: Any, camera_num: int = 0, **options: Any) -> None:
    _begin(self, camera_num, **options)
    # The default allocator needs a DMA heap that this pipeline cannot use.
    self.allocator = LibcameraAllocator(self.camera)


def _raw_modes(_self: Any) -> list[dict[str, Any]]:
    return [{"format": "SRGGB10", "size": (1280, 720)}]


Picamera2.__init__ = _init
Picamera2._get_raw_modes = _raw_modes
