"""The markers of JPEG: where they are, how long their segments are, and what a frame header says.

Used on whole files (`headers`) and on streams that arrive in pieces (`camera.sources.mjpeg`).

Source: ITU-T T.81, annex B.
"""

import re
from collections.abc import Iterator

SOI, EOI, SOS = 0xD8, 0xD9, 0xDA
"""Start of image, end of image, start of scan."""

FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Start of frame, all coding processes; C4, C8 and CC in that range are something else."""

ALONE = frozenset({0x01, SOI, EOI, *range(0xD0, 0xD8)})
"""Markers that no segment follows."""

# FF is followed by 00 in entropy-coded data, by FF for filling, by D0-D7 for a restart.
_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]", re.DOTALL)

_FRAME_BYTES = 9
"""Marker, length, precision, height and width."""


def find_marker(content: bytes | bytearray, start: int) -> int:
    r"""Where the next marker begins, restarts apart; -1 without.

    >>> find_marker(b"\x12\xff\x00\xff\xd3\xff\xd9", 0)
    5
    """
    found = _MARKER.search(content, start)
    return -1 if found is None else found.start()


def segment_length(content: bytes | bytearray, at: int) -> int:
    """Bytes of the segment of the marker at `at`, its two length bytes included, as it claims."""
    return int.from_bytes(content[at + 2 : at + 4], "big")


def frame_size(content: bytes | bytearray, at: int) -> tuple[int, int] | None:
    """(width, height) in the frame header at `at`; None when it is cut short."""
    if len(content) < at + _FRAME_BYTES:
        return None
    height = int.from_bytes(content[at + 5 : at + 7], "big")
    width = int.from_bytes(content[at + 7 : at + 9], "big")
    return width, height


def markers_of(content: bytes) -> Iterator[tuple[int, int]]:
    """Each marker of the first picture of a file up to its end, and where it is.

    Thumbnails inside a segment are stepped over, and so is what cameras append behind the end.
    """
    at = find_marker(content, 2)
    while at >= 0:
        marker = content[at + 1]
        yield marker, at
        if marker == EOI:
            return
        behind = at + 2
        if marker not in ALONE:
            if behind + 2 > len(content):
                return
            behind += segment_length(content, at)
        at = find_marker(content, behind)
