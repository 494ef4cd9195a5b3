"""A small writer of Android's binary XML, to test the reader without aapt2."""

import struct
from dataclasses import dataclass, field

_IDS = {
    "name": 0x01010003,
    "debuggable": 0x0101000F,
    "exported": 0x01010010,
    "minSdkVersion": 0x0101020C,
    "targetSdkVersion": 0x01010270,
    "required": 0x0101028E,
}
_NONE = 0xFFFFFFFF


@dataclass
class Tag:
    """One element to write; values are text, whole numbers, or yes and no."""

    tag: str
    attributes: dict[str, str | int | bool] = field(default_factory=dict)
    children: list["Tag"] = field(default_factory=list)


def write(root: Tag, *, utf8: bool = False, forget_names: bool = False) -> bytes:
    """The bytes of an AndroidManifest.xml as it lies in an APK.

    `forget_names` empties the attribute names that have a resource id, as shrinkers do.
    """
    known = list(_IDS)
    strings = list(known)
    for tag in _walk(root):
        strings += [tag.tag, *(name for name in tag.attributes if name not in _IDS)]
        strings += [value for value in tag.attributes.values() if isinstance(value, str)]
    strings = list(dict.fromkeys(strings))
    index = {text: position for position, text in enumerate(strings)}
    stored = ["" if forget_names and text in _IDS else text for text in strings]
    ids = struct.pack(f"<{len(known)}I", *_IDS.values())
    body = (
        _pool(stored, utf8=utf8)
        + struct.pack("<HHI", 0x0180, 8, 8 + len(ids))
        + ids
        + _element(root, index)
    )
    return struct.pack("<HHI", 0x0003, 8, 8 + len(body)) + body


def _walk(tag: Tag) -> list[Tag]:
    return [tag, *(below for child in tag.children for below in _walk(child))]


def _pool(strings: list[str], *, utf8: bool) -> bytes:
    offsets, data = [], b""
    for text in strings:
        offsets.append(len(data))
        if utf8:
            encoded = text.encode()
            data += bytes([len(text), len(encoded)]) + encoded + b"\0"
        else:
            data += struct.pack("<H", len(text)) + text.encode("utf-16-le") + b"\0\0"
    data += bytes(-len(data) % 4)
    start = 28 + 4 * len(strings)
    header = struct.pack(
        "<HHIIIIII", 1, 28, start + len(data), len(strings), 0, 256 if utf8 else 0, start, 0
    )
    return header + struct.pack(f"<{len(offsets)}I", *offsets) + data


def _element(tag: Tag, index: dict[str, int]) -> bytes:
    attributes = b""
    for name, value in tag.attributes.items():
        raw, kind, data = _NONE, 0x10, 0
        if isinstance(value, bool):
            kind, data = 0x12, _NONE if value else 0
        elif isinstance(value, int):
            data = value
        else:
            raw, kind, data = index[value], 0x03, index[value]
        attributes += struct.pack("<IIIHBBI", _NONE, index[name], raw, 8, 0, kind, data)
    start = struct.pack(
        "<IIIIHHHHHH", 0, _NONE, _NONE, index[tag.tag], 20, 20, len(tag.attributes), 0, 0, 0
    )
    # The line number and the comment stand before the name.
    opened = struct.pack("<HHI", 0x0102, 16, 8 + len(start) + len(attributes)) + start + attributes
    closed = struct.pack("<HHIIIII", 0x0103, 16, 24, 0, _NONE, _NONE, index[tag.tag])
    return opened + b"".join(_element(child, index) for child in tag.children) + closed
