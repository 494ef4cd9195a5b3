"""Android manifests: the XML of a project and the binary XML of an APK, as one small tree.

Source of the binary format: frameworks/base/libs/androidfw/include/androidfw/ResourceTypes.h.
"""

import struct
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass, field

from edgevision.errors import UsageError

Value = str | int | bool

_NAMESPACE = "{http://schemas.android.com/apk/res/android}"
_STRING_POOL, _XML, _RESOURCE_MAP = 0x0001, 0x0003, 0x0180
_START_ELEMENT, _END_ELEMENT = 0x0102, 0x0103
_TYPE_STRING, _TYPE_BOOLEAN = 0x03, 0x12
_UTF8 = 1 << 8
_NO_STRING = 0xFFFFFFFF
_MAX_DEPTH = 64
_MAX_BYTES = 4 << 20
"""Of an APK's manifest; real ones have some kilobytes."""

_MAX_TEXT_BYTES = 16 << 20
"""Of all strings together: entries of the pool may point at one long string again and again."""

_ATTRIBUTE_BYTES = 20

# Attributes whose names a shrinker may have removed from the string pool, by resource id.
_NAMES_BY_ID = {
    0x01010003: "name",
    0x0101000F: "debuggable",
    0x01010010: "exported",
    0x0101020C: "minSdkVersion",
    0x01010270: "targetSdkVersion",
    0x0101028E: "required",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """One element; attributes of the android namespace are under their plain names."""

    tag: str
    attributes: dict[str, Value]
    children: list["Element"] = field(default_factory=list)

    def find_all(self, tag: str) -> Iterator["Element"]:
        """All elements named `tag` below this one, at any depth."""
        for child in self.children:
            if child.tag == tag:
                yield child
            yield from child.find_all(tag)

    def text(self, name: str) -> str:
        """The attribute as text, empty when absent."""
        return str(self.attributes.get(name, ""))

    def integer(self, name: str) -> int | None:
        """The attribute as a whole number, None when absent or something else."""
        value = self.attributes.get(name)
        if isinstance(value, str) and value.isascii() and value.isdigit():
            return int(value)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def flag(self, name: str, *, default: bool) -> bool:
        """The attribute as yes or no."""
        value = self.attributes.get(name, default)
        return value if isinstance(value, bool) else str(value) == "true"


def read_text(text: str) -> Element:
    """The manifest of a project.

    Raises:
        UsageError: it is no XML.
    """
    try:
        # The user's own project, not a stranger's file.
        return _convert(ET.fromstring(text))  # noqa: S314
    except (ET.ParseError, RecursionError) as error:
        message = f"AndroidManifest.xml is no XML: {error}"
        raise UsageError(message) from error


def _convert(element: ET.Element) -> Element:
    return Element(
        tag=element.tag,
        attributes={name.removeprefix(_NAMESPACE): text for name, text in element.items()},
        children=[_convert(child) for child in element],
    )


def read_binary(data: bytes) -> Element:
    """The manifest of an APK.

    Raises:
        UsageError: it is no binary XML, or is damaged.
    """
    try:
        return _read(data)
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        message = "the manifest in the APK is damaged"
        raise UsageError(message, hint="build the APK again") from error


def _read(data: bytes) -> Element:
    if len(data) > _MAX_BYTES:
        message = f"the manifest in the APK has {len(data)} bytes; at most {_MAX_BYTES} are read"
        raise UsageError(message)
    kind, header, size = struct.unpack_from("<HHI", data, 0)
    if kind != _XML or size > len(data):
        message = "the manifest in the APK is no binary XML"
        raise UsageError(message, hint="build the APK with aapt2 or Gradle")
    strings: list[str] = []
    ids: tuple[int, ...] = ()
    root = Element(tag="", attributes={})
    stack = [root]
    at = header
    while at < size:
        kind, header, length = struct.unpack_from("<HHI", data, at)
        if length < 8:
            raise struct.error
        if kind == _STRING_POOL:
            strings = _strings(data, at)
        elif kind == _RESOURCE_MAP:
            ids = struct.unpack_from(f"<{(length - header) // 4}I", data, at + header)
        elif kind == _START_ELEMENT:
            element = _element(data, at + header, strings, ids)
            stack[-1].children.append(element)
            stack.append(element)
            if len(stack) > _MAX_DEPTH:
                raise IndexError
        elif kind == _END_ELEMENT:
            stack.pop()
        at += length
    (manifest,) = root.children[:1] or [root]
    return manifest


def _strings(data: bytes, start: int) -> list[str]:
    _, header, _, count, _, flags, text_start, _ = struct.unpack_from("<HHIIIIII", data, start)
    if count > len(data):
        raise IndexError
    offsets = struct.unpack_from(f"<{count}I", data, start + header)
    read = _utf8 if flags & _UTF8 else _utf16
    strings: list[str] = []
    left = _MAX_TEXT_BYTES
    for offset in offsets:
        strings.append(read(data, start + text_start + offset))
        left -= len(strings[-1])
        if left < 0:
            raise IndexError
    return strings


def _utf8(data: bytes, at: int) -> str:
    # Two lengths, in characters and in bytes, each of one or two bytes.
    for _ in range(2):
        length = data[at]
        at += 1
        if length & 0x80:
            length = (length & 0x7F) << 8 | data[at]
            at += 1
    return data[at : at + length].decode("utf-8")


def _utf16(data: bytes, at: int) -> str:
    (length,) = struct.unpack_from("<H", data, at)
    at += 2
    if length & 0x8000:
        (low,) = struct.unpack_from("<H", data, at)
        length, at = (length & 0x7FFF) << 16 | low, at + 2
    return data[at : at + 2 * length].decode("utf-16-le")


def _element(data: bytes, at: int, strings: list[str], ids: tuple[int, ...]) -> Element:
    _, name, start, size, count = struct.unpack_from("<IIHHH", data, at)
    if size < _ATTRIBUTE_BYTES:
        raise IndexError
    attributes: dict[str, Value] = {}
    for index in range(count):
        entry = at + start + index * size
        _, key, raw, _, _, kind, value = struct.unpack_from("<IIIHBBI", data, entry)
        known = _NAMES_BY_ID.get(ids[key]) if key < len(ids) else None
        if kind == _TYPE_STRING:
            found: Value = strings[raw if raw != _NO_STRING else value]
        else:
            found = value != 0 if kind == _TYPE_BOOLEAN else value
        attributes[known or strings[key]] = found
    return Element(tag=strings[name], attributes=attributes)
