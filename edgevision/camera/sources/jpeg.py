"""A source of undecoded JPEG pictures, whatever the byte stream they come from."""

import time
from collections import deque
from collections.abc import Callable

import numpy as np

from edgevision.camera.sources.frame import Frame
from edgevision.camera.sources.mjpeg import MjpegSplitter
from edgevision.errors import DeviceError


class JpegSource:
    """Frames whose JPEG is decoded by whoever needs the pixels: dropped frames cost nothing."""

    is_live = True

    def __init__(
        self,
        receive: Callable[[float], bytes],
        close: Callable[[], None],
        *,
        name: str,
        read_timeout_s: float,
        clock_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        """Read from `receive(timeout_s)`, which returns b"" at the end and raises TimeoutError."""
        self._receive = receive
        self._close = close
        self._name = name
        self._timeout_s = read_timeout_s
        self._clock_ns = clock_ns
        self._splitter = MjpegSplitter()
        self._waiting: deque[tuple[int, bytes]] = deque()

    def read(self, sequence: int) -> Frame:
        """The next picture; see `FrameSource.read`."""
        deadline_ns = self._clock_ns() + round(self._timeout_s * 1e9)
        while not self._waiting:
            # A trickle of bytes without a whole picture must not keep us here.
            left_s = (deadline_ns - self._clock_ns()) / 1e9
            if left_s <= 0:
                raise self._silent()
            try:
                chunk = self._receive(left_s)
            except TimeoutError as error:
                raise self._silent() from error
            except OSError as error:
                message = f"{self._name} broke off: {error.strerror or error}"
                raise DeviceError(message) from error
            if not chunk:
                raise DeviceError(f"{self._name} ended the stream")
            arrived_ns = self._clock_ns()
            self._waiting.extend((arrived_ns, jpeg) for jpeg in self._splitter.feed(chunk))
        captured_ns, jpeg = self._waiting.popleft()
        data = np.frombuffer(jpeg, np.uint8)
        return Frame(sequence=sequence, captured_ns=captured_ns, data=data, layout="jpeg")

    def close(self) -> None:
        """Close the stream underneath."""
        self._close()

    def _silent(self) -> DeviceError:
        return DeviceError(f"{self._name} gave no picture for {self._timeout_s:g} s")
