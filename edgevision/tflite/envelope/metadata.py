"""Putting metadata into a `.tflite` without touching the model: new entries go in front of it.

Weights and graph stay byte for byte what they were (see `new_root`), and `unwrap` gives the old
file back.
"""

import struct
from collections.abc import Mapping
from typing import Any

from edgevision.tflite.envelope.associated import archive_start
from edgevision.tflite.envelope.new_root import (
    IDENTIFIER,
    OldOffset,
    move_outside_content,
    offsets,
    padded,
    with_new_root,
)
from edgevision.tflite.flatbuffer import Table, root
from edgevision.tflite.schema import Slot

_ORIGIN_ENTRY = "EDGEVISION_ORIGIN"
"""Metadata entry with the length of the wrapped file and of our part in front of it."""
_ORIGIN = struct.Struct("<QQ")


def wrap(content: bytes, entries: Mapping[str, bytes]) -> bytes:
    """The `.tflite` `content` with metadata `entries` added, replacing those of the same name.

    What an earlier `wrap` added is dropped, and so is an archive behind the flatbuffer.

    Raises:
        ModelError: `content` is damaged, or cannot carry metadata.
    """
    content = unwrap(content)
    length = len(content)
    # Our part's own length is one of its entries; its size does not depend on the value.
    sized = _with_entries(content, {**entries, _ORIGIN_ENTRY: _ORIGIN.pack(0, 0)})
    origin = _ORIGIN.pack(length, len(sized) - padded(length))
    return _with_entries(content, {**entries, _ORIGIN_ENTRY: origin})


def unwrap(content: bytes) -> bytes:
    """`content` without what `wrap` and associated files added; the very bytes from before.

    A file that was never wrapped, or was rewritten by another tool since, loses only its archive.

    Raises:
        ModelError: `content` is damaged.
    """
    content = content[: archive_start(content)]
    origin = _entry(root(content), _ORIGIN_ENTRY)
    if origin is None or len(origin) != _ORIGIN.size:
        return content
    length, front = _ORIGIN.unpack(origin)
    inner = content[front : front + length]
    if front + padded(length) != len(content) or inner[4:8] != IDENTIFIER:
        return content
    moved = bytearray(inner)
    move_outside_content(moved, -front)
    return bytes(moved)


def _with_entries(content: bytes, entries: Mapping[str, bytes]) -> bytes:
    model = root(content)
    remaining = [
        entry.position
        for entry in model.tables(Slot.MODEL_METADATA)
        if entry.text(Slot.METADATA_NAME) not in entries
    ]

    def write(builder: Any, old: OldOffset) -> dict[int, int]:
        buffers = [old(table.position) for table in model.tables(Slot.MODEL_BUFFERS)]
        metadata = [old(position) for position in remaining]
        for name, data in entries.items():
            metadata.append(_metadata_entry(builder, name, len(buffers)))
            buffers.append(_buffer(builder, data))
        return {
            Slot.MODEL_BUFFERS: offsets(builder, buffers),
            Slot.MODEL_METADATA: offsets(builder, metadata),
        }

    return with_new_root(content, write, room=sum(map(len, entries.values())))


def _metadata_entry(builder: Any, name: str, buffer: int) -> int:
    text = builder.CreateString(name)
    builder.StartObject(2)
    builder.PrependUOffsetTRelativeSlot(Slot.METADATA_NAME, text, 0)
    builder.PrependUint32Slot(Slot.METADATA_BUFFER, buffer, 0)
    return int(builder.EndObject())


def _buffer(builder: Any, data: bytes) -> int:
    # The schema wants 16 bytes of alignment for the content of every Buffer.
    builder.StartVector(1, len(data), 16)
    builder.head -= len(data)
    builder.Bytes[builder.head : builder.head + len(data)] = data
    vector = builder.EndVector()
    builder.StartObject(3)
    builder.PrependUOffsetTRelativeSlot(Slot.BUFFER_DATA, vector, 0)
    return int(builder.EndObject())


def _entry(model: Table, name: str) -> bytes | None:
    buffers = model.tables(Slot.MODEL_BUFFERS)
    for entry in model.tables(Slot.MODEL_METADATA):
        index = entry.integer(Slot.METADATA_BUFFER, "uint32")
        if entry.text(Slot.METADATA_NAME) == name and index < len(buffers):
            return buffers[index].blob(Slot.BUFFER_DATA)
    return None
