"""What an image file says of itself, read before it is decoded: how large, and is it all there."""

import struct
import zlib

from edgevision.dataset.jpeg_markers import EOI, FRAMES, frame_size, markers_of

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_TIFF_FORMATS = {1: "B", 3: "H", 4: "I"}


def claimed_pixels(content: bytes) -> int:
    """Width times height that the header of a JPEG, PNG, BMP or TIFF claims; 0 when unknown."""
    try:
        if content.startswith(b"\xff\xd8"):
            return _jpeg_pixels(content)
        if content.startswith(_PNG_SIGNATURE):
            width, height = struct.unpack_from(">II", content, 16)
        elif content.startswith(b"BM"):
            # The height is negative in a picture stored from the top down.
            width, height = struct.unpack_from("<ii", content, 18)
        elif content[:4] in {b"II*\0", b"MM\0*"}:
            return _tiff_pixels(content)
        else:
            return 0
    except struct.error:
        return 0
    return int(abs(width * height))


def what_is_missing(content: bytes) -> str:
    """What shows that a JPEG or PNG is cut short or damaged; "" when nothing does.

    OpenCV 4.6 fills the missing part of a JPEG with grey and reports nothing; 5.0 refuses it.
    """
    if content.startswith(b"\xff\xd8"):
        if not any(marker == EOI for marker, _ in markers_of(content)):
            return "it is cut short: the end marker is missing"
    elif content.startswith(_PNG_SIGNATURE):
        return _png_fault(content)
    return ""


def _jpeg_pixels(content: bytes) -> int:
    for marker, at in markers_of(content):
        if marker in FRAMES:
            width, height = frame_size(content, at) or (0, 0)
            return width * height
    return 0


def _png_fault(content: bytes) -> str:
    offset = len(_PNG_SIGNATURE)
    view = memoryview(content)
    while offset + 12 <= len(content):
        (length,) = struct.unpack_from(">I", content, offset)
        end = offset + 8 + length
        if end + 4 > len(content):
            break
        (checksum,) = struct.unpack_from(">I", content, end)
        if zlib.crc32(view[offset + 4 : end]) != checksum:
            return "it is damaged: a checksum is wrong"
        if content[offset + 4 : offset + 8] == b"IEND":
            return ""
        offset = end + 4
    return "it is cut short: the end marker is missing"


def _tiff_pixels(content: bytes) -> int:
    order = "<" if content.startswith(b"II") else ">"
    (offset,) = struct.unpack_from(f"{order}I", content, 4)
    (count,) = struct.unpack_from(f"{order}H", content, offset)
    sides = {}
    for entry in range(offset + 2, offset + 2 + 12 * count, 12):
        tag, kind, _ = struct.unpack_from(f"{order}HHI", content, entry)
        if tag in {256, 257} and kind in _TIFF_FORMATS:
            (sides[tag],) = struct.unpack_from(order + _TIFF_FORMATS[kind], content, entry + 8)
    return int(sides.get(256, 0) * sides.get(257, 0))
