"""The compiled parts of an APK: alignment of native libraries, classes of dex files.

Sources: the ELF specification (program headers), and the dex format,
https://source.android.com/docs/core/runtime/dex-format.
"""

import struct

from edgevision.errors import UsageError

PAGE_BYTES = 16384
"""Page size of newer phones; a library whose segments are aligned to less does not load there."""

_PT_LOAD = 1
_DEX_HEADER_BYTES = 112
_CLASS_BYTES = 32
_MAX_NAME_BYTES = 65535
"""Of a class: the format has no limit, and a damaged file has no end."""


def load_alignment(library: bytes) -> int:
    """Smallest alignment, in bytes, of the segments that an ELF `library` wants in memory.

    Raises:
        UsageError: it is no ELF file, or loads nothing.
    """
    try:
        alignments = _alignments(library)
    except (struct.error, OverflowError) as error:
        message = "it is cut short"
        raise UsageError(message) from error
    if not alignments:
        message = "it loads no segment"
        raise UsageError(message)
    return min(alignments)


def _alignments(library: bytes) -> list[int]:
    if library[:4] != b"\x7fELF":
        message = "it is no ELF file"
        raise UsageError(message)
    if library[4:5] == b"\x02":
        (table,) = struct.unpack_from("<Q", library, 32)
        size, count = struct.unpack_from("<HH", library, 54)
        kind_at, align_at, align_format = 0, 48, "<Q"
    else:
        (table,) = struct.unpack_from("<I", library, 28)
        size, count = struct.unpack_from("<HH", library, 42)
        kind_at, align_at, align_format = 0, 28, "<I"
    alignments = []
    for index in range(count):
        entry = table + index * size
        (kind,) = struct.unpack_from("<I", library, entry + kind_at)
        if kind == _PT_LOAD:
            alignments.append(int(struct.unpack_from(align_format, library, entry + align_at)[0]))
    return alignments


def dex_classes(dex: bytes) -> frozenset[str]:
    """Names of the classes defined in a dex file, "com.example.MainActivity".

    Raises:
        UsageError: it is no dex file, or is damaged.
    """
    if dex[:4] != b"dex\n":
        message = "it is no dex file"
        raise UsageError(message)
    try:
        return _classes(dex)
    except (struct.error, IndexError, ValueError) as error:
        message = "it is damaged"
        raise UsageError(message) from error


def _classes(dex: bytes) -> frozenset[str]:
    if len(dex) < _DEX_HEADER_BYTES:
        raise IndexError
    (strings,) = struct.unpack_from("<I", dex, 60)
    (types,) = struct.unpack_from("<I", dex, 68)
    count, classes = struct.unpack_from("<II", dex, 96)
    if classes + count * _CLASS_BYTES > len(dex):
        raise IndexError
    names = set()
    for index in range(count):
        (kind,) = struct.unpack_from("<I", dex, classes + index * _CLASS_BYTES)
        (text,) = struct.unpack_from("<I", dex, types + 4 * kind)
        (at,) = struct.unpack_from("<I", dex, strings + 4 * text)
        while dex[at] & 0x80:
            # The length in characters, seven bits a byte; the text ends at a zero byte.
            at += 1
        end = dex.index(0, at + 1, at + 1 + _MAX_NAME_BYTES)
        descriptor = dex[at + 1 : end].decode("utf-8", "replace")
        names.add(descriptor[1:-1].replace("/", "."))
    return frozenset(names)
