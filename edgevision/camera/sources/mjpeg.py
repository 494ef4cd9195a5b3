"""Cutting whole JPEG pictures out of a byte stream: multipart HTTP, or a pipe of bare pictures.

The stream is walked marker by marker, so neither a wrong Content-Length nor a thumbnail inside a
picture can cut it in the wrong place, and a picture is not decoded until somebody wants it.
"""

from edgevision.dataset.jpeg_markers import (
    ALONE,
    EOI,
    FRAMES,
    SOI,
    SOS,
    find_marker,
    frame_size,
    segment_length,
)
from edgevision.errors import DeviceError

MAX_JPEG_BYTES = 32 << 20
"""A picture longer than this is none: the stream is not Motion JPEG."""

MAX_PIXELS = 64_000_000
"""A header can promise 65 535 x 65 535 pixels in a few bytes; decoding would take gigabytes."""

_START = b"\xff\xd8\xff"


class MjpegSplitter:
    """Feed it bytes as they come; it gives back the pictures that they complete."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._begin = -1
        """Where the picture begins; -1 while looking for one."""
        self._at = 0
        """How far the buffer has been walked."""
        self._in_scan = False

    def feed(self, chunk: bytes) -> list[bytes]:
        """Complete pictures, oldest first.

        Raises:
            DeviceError: the stream holds no pictures, or one of absurd size.
        """
        self._buffer += chunk
        pictures: list[bytes] = []
        while self._step(pictures):
            pass
        if len(self._buffer) > MAX_JPEG_BYTES:
            raise DeviceError(f"no end of a JPEG within {MAX_JPEG_BYTES >> 20} MB")
        return pictures

    def _step(self, pictures: list[bytes]) -> bool:
        """Walk on by one marker; False when more bytes are needed."""
        if self._begin < 0:
            return self._find_start()
        if self._in_scan:
            found = find_marker(self._buffer, self._at)
            if found < 0:
                # A marker may straddle this chunk and the next.
                self._at = max(self._at, len(self._buffer) - 1)
                return False
            self._at, self._in_scan = found, False
        if len(self._buffer) < self._at + 4 and not self._ends_here():
            return False
        return self._pass_marker(pictures)

    def _pass_marker(self, pictures: list[bytes]) -> bool:
        marker = self._buffer[self._at + 1]
        if self._buffer[self._at] != 0xFF or (marker == SOI and self._at != self._begin):
            # Bytes were lost: what begins here is no picture, look for the next start.
            return self._drop(self._at if marker == SOI else self._begin + 2)
        if marker == EOI:
            pictures.append(bytes(self._buffer[self._begin : self._at + 2]))
            return self._drop(self._at + 2)
        if marker == 0xFF:
            self._at += 1
        elif marker in ALONE:
            self._at += 2
        else:
            return self._skip_segment(marker)
        return True

    def _ends_here(self) -> bool:
        return self._buffer[self._at : self._at + 2] == b"\xff\xd9"

    def _skip_segment(self, marker: int) -> bool:
        length = segment_length(self._buffer, self._at)
        if marker in FRAMES:
            size = frame_size(self._buffer, self._at)
            if size is None:
                return False
            width, height = size
            if width * height > MAX_PIXELS:
                raise DeviceError(f"a JPEG header promises {width} x {height} pixels")
        if len(self._buffer) < self._at + 2 + length:
            return False
        self._in_scan = marker == SOS
        self._at += 2 + max(2, length)
        return True

    def _find_start(self) -> bool:
        found = self._buffer.find(_START)
        if found < 0:
            # Keep what may be the first bytes of a start.
            del self._buffer[: max(0, len(self._buffer) - (len(_START) - 1))]
            return False
        del self._buffer[:found]
        self._begin = self._at = 0
        self._in_scan = False
        return True

    def _drop(self, until: int) -> bool:
        del self._buffer[:until]
        self._begin, self._at, self._in_scan = -1, 0, False
        return True
