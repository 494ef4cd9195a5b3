"""A moving test picture at a steady rate: a camera for machines without one."""

import re
import threading
import time
from collections.abc import Callable

import cv2
import numpy as np

from edgevision.camera.sources.frame import Frame, Image
from edgevision.camera.sources.source import SourceSettings
from edgevision.errors import UsageError

_PHASES = 8
"""Pictures drawn beforehand and shown in turn, so that the source itself costs nothing."""

_MAX_SIDE = 4096


def open_synthetic(address: str, options: SourceSettings) -> "SyntheticSource":
    """A `SyntheticSource` for "640x480@30"; the rate may be left out.

    Raises:
        UsageError: the address says something else.
    """
    match = re.fullmatch(r"(\d{1,5})x(\d{1,5})(?:@(\d{1,4}(?:\.\d+)?))?", address)
    if match is None:
        message = f"a synthetic source is named like 640x480@30, got {address!r}"
        raise UsageError(message)
    width, height = int(match[1]), int(match[2])
    fps = float(match[3] or options.fps or 30)
    if not (1 <= width <= _MAX_SIDE and 1 <= height <= _MAX_SIDE and fps > 0):
        message = f"sides are 1 to {_MAX_SIDE} and the rate is above 0, got {address!r}"
        raise UsageError(message)
    return SyntheticSource(width, height, fps)


class SyntheticSource:
    """Frames on time, each showing a bar that moves; late callers miss frames, as with a camera."""

    is_live = True

    def __init__(
        self,
        width: int,
        height: int,
        fps: float,
        *,
        clock_ns: Callable[[], int] = time.monotonic_ns,
        wait: Callable[[float], object] | None = None,
    ) -> None:
        self._period_ns = round(1e9 / fps)
        self._clock_ns = clock_ns
        self._wait = wait or threading.Event().wait
        self._pictures = [_draw(width, height, phase / _PHASES) for phase in range(_PHASES)]
        self._next_ns = clock_ns()

    def read(self, sequence: int) -> Frame:
        """The frame that is due; waits for it."""
        now = self._clock_ns()
        if now < self._next_ns:
            self._wait((self._next_ns - now) / 1e9)
        else:
            # Frames whose time has passed are gone, as they are with a camera.
            self._next_ns += (now - self._next_ns) // self._period_ns * self._period_ns
        captured_ns, self._next_ns = self._next_ns, self._next_ns + self._period_ns
        picture = self._pictures[captured_ns // self._period_ns % _PHASES]
        return Frame(sequence=sequence, captured_ns=captured_ns, data=picture, layout="bgr")

    def close(self) -> None:
        """Nothing is held."""


def _draw(width: int, height: int, phase: float) -> Image:
    across = np.linspace(0, 255, width, dtype=np.uint8)[None, :]
    down = np.linspace(0, 255, height, dtype=np.uint8)[:, None]
    image = np.empty((height, width, 3), np.uint8)
    image[..., 0], image[..., 1], image[..., 2] = across, down, 96
    left = round(phase * width)
    cv2.rectangle(image, (left, 0), (left + max(1, width // 16), height), (255, 255, 255), -1)
    return image
