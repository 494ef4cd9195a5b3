"""Builds APKs of our own, so that each check can be shown to pass and to fail without an SDK."""

import io
import struct
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path

from tests.android import binary_xml
from tests.android.binary_xml import Tag

PAGE = 16384
PACKAGE = "com.example.birds"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One file of an APK."""

    content: bytes
    is_stored: bool = False
    align: int = 4
    """Of a stored one; at 1 it begins at an odd byte."""


Parts = dict[str, Part]


def manifest(
    *,
    permissions: tuple[str, ...] = ("android.permission.CAMERA",),
    camera_required: bool = False,
    target_sdk: int = 37,
    min_sdk: int = 26,
    is_exported: bool = True,
    activity: str = ".MainActivity",
) -> Tag:
    """A manifest as the demo has it."""
    launcher = Tag(
        "intent-filter",
        {},
        [
            Tag("action", {"name": "android.intent.action.MAIN"}),
            Tag("category", {"name": "android.intent.category.LAUNCHER"}),
        ],
    )
    camera: dict[str, str | int | bool] = {
        "name": "android.hardware.camera.any",
        "required": camera_required,
    }
    return Tag(
        "manifest",
        {"package": PACKAGE},
        [
            Tag("uses-sdk", {"minSdkVersion": min_sdk, "targetSdkVersion": target_sdk}),
            *(Tag("uses-permission", {"name": name}) for name in permissions),
            Tag("uses-feature", camera),
            Tag(
                "application",
                {},
                [Tag("activity", {"name": activity, "exported": is_exported}, [launcher])],
            ),
        ],
    )


def good_parts(model_folder: Path) -> Parts:
    """All files of an app around an exported model folder."""
    parts: Parts = {
        "AndroidManifest.xml": Part(content=binary_xml.write(manifest())),
        "classes.dex": Part(
            content=dex(f"{PACKAGE}.MainActivity", "com.google.ai.edge.litert.CompiledModel")
        ),
    }
    for path in sorted(model_folder.rglob("*")):
        if path.is_file():
            name = f"assets/model/{path.relative_to(model_folder).as_posix()}"
            parts[name] = Part(content=path.read_bytes(), is_stored=path.suffix == ".tflite")
    for abi in ("arm64-v8a", "x86_64"):
        library = Part(content=elf(PAGE), is_stored=True, align=PAGE)
        parts[f"lib/{abi}/libLiteRt.so"] = library
    return parts


def read_parts(apk: Path) -> Parts:
    """The files of a finished APK."""
    parts = {}
    with zipfile.ZipFile(apk) as archive:
        for info in archive.infolist():
            stored = info.compress_type == zipfile.ZIP_STORED
            align = PAGE if info.filename.endswith(".so") else 4
            content = archive.read(info)
            parts[info.filename] = Part(content=content, is_stored=stored, align=align)
    return parts


def changed(parts: Parts, name: str, **changes: object) -> Parts:
    """`parts` with one of them changed."""
    return {**parts, name: replace(parts[name], **changes)}  # type: ignore[arg-type]


def without(parts: Parts, name: str) -> Parts:
    """`parts` without one of them."""
    return {other: part for other, part in parts.items() if other != name}


def write_apk(path: Path, parts: Parts, *, is_signed: bool = True) -> Path:
    """Write an APK, aligned, with a signing block that is in its place but signs nothing."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, part in parts.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_STORED if part.is_stored else zipfile.ZIP_DEFLATED
            if part.is_stored:
                start = buffer.tell() + 30 + len(name) + 4
                padding = -start % part.align if part.align > 1 else (start + 1) % 2
                info.extra = struct.pack("<HH", 0xD935, padding) + bytes(padding)
            archive.writestr(info, part.content)
    content = buffer.getvalue()
    path.write_bytes(_with_signature(content) if is_signed else content)
    return path


def _with_signature(content: bytes) -> bytes:
    end = content.rindex(b"PK\x05\x06")
    (directory,) = struct.unpack_from("<I", content, end + 16)
    pair = struct.pack("<QI", 4 + 8, 0x7109871A) + b"nothing."
    size = struct.pack("<Q", len(pair) + 24)
    block = size + pair + size + b"APK Sig Block 42"
    moved = struct.pack("<I", directory + len(block))
    return content[:directory] + block + content[directory : end + 16] + moved + content[end + 20 :]


def elf(alignment: int) -> bytes:
    """A 64-bit shared object with one loadable segment."""
    header = struct.pack(
        "<16sHHIQQQIHHHHHH", b"\x7fELF\x02\x01\x01", 3, 183, 1, 0, 64, 0, 0, 64, 56, 1, 64, 0, 0
    )
    return header + struct.pack("<IIQQQQQQ", 1, 4, 0, 0, 0, 120, 120, alignment)


def dex(*classes: str) -> bytes:
    """A dex file that defines `classes` and nothing in them."""
    texts = [f"L{name.replace('.', '/')};".encode() for name in classes]
    count = len(texts)
    strings, types, definitions = 112, 112 + 4 * count, 112 + 8 * count
    at, offsets, data = definitions + 32 * count, [], b""
    for text in texts:
        offsets.append(at + len(data))
        data += bytes([len(text)]) + text + b"\0"
    header = bytearray(112)
    header[:8] = b"dex\n038\0"
    struct.pack_into("<II", header, 56, count, strings)
    struct.pack_into("<II", header, 64, count, types)
    struct.pack_into("<II", header, 96, count, definitions)
    body = struct.pack(f"<{count}I", *offsets) + struct.pack(f"<{count}I", *range(count))
    for index in range(count):
        body += struct.pack("<8I", index, 1, 0, 0, 0, 0, 0, 0)
    return bytes(header) + body + data
