"""Putting metadata into a `.tflite` without touching the model: new entries go in front of it.

A FlatBuffer refers only forwards, so a new root table, with the metadata and its content, can be
laid before the old file and refer into it. Weights and graph stay byte for byte what they were,
nothing is unpacked, and `unwrap` gives the old file back. The one thing that counts from the
start of the file, the position of content kept outside the flatbuffer, is moved along.

Source: https://flatbuffers.dev/internals/ and tensorflow/lite/schema/schema.fbs (table Model).
"""

import struct
from collections.abc import Mapping
from typing import Any

import flatbuffers

from edgevision.errors import ModelError
from edgevision.tflite.associated import archive_start
from edgevision.tflite.flatbuffer import Table, root
from edgevision.tflite.schema import Slot

_ORIGIN_ENTRY = "EDGEVISION_ORIGIN"
"""Metadata entry with the length of the wrapped file and of our part in front of it."""
_ORIGIN = struct.Struct("<QQ")

_IDENTIFIER = b"TFL3"
# XNNPACK and the GPU delegate want weights aligned like this when the file is memory-mapped.
_ALIGNMENT = 64
_MODEL_SLOTS = 10
_MODEL_VERSION = 0
_LARGE_OPTIONS_OFFSET = 9


def wrap(content: bytes, entries: Mapping[str, bytes]) -> bytes:
    """The `.tflite` `content` with metadata `entries` added, replacing those of the same name.

    What an earlier `wrap` added is dropped, and so is an archive behind the flatbuffer.

    Raises:
        ModelError: `content` is damaged, or cannot carry metadata.
    """
    content = unwrap(content)
    length = len(content)
    model = root(content)
    kept = [
        (entry.text(Slot.METADATA_NAME), entry.position)
        for entry in model.tables(Slot.MODEL_METADATA)
        if entry.text(Slot.METADATA_NAME) not in entries
    ]
    # Our part's own length is one of its entries; its size does not depend on the value.
    front = len(_build(content, model, kept, {**entries, _ORIGIN_ENTRY: _ORIGIN.pack(0, 0)}))
    front -= _padded(length)
    origin = _ORIGIN.pack(length, front)
    whole = bytearray(_build(content, model, kept, {**entries, _ORIGIN_ENTRY: origin}))
    _move_outside_content(whole, front)
    return bytes(whole)


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
    if front + _padded(length) != len(content) or inner[4:8] != _IDENTIFIER:
        return content
    moved = bytearray(inner)
    _move_outside_content(moved, -front)
    return bytes(moved)


def _build(
    content: bytes, model: Table, kept: list[tuple[str, int]], entries: Mapping[str, bytes]
) -> bytes:
    tail = content + bytes(_padded(len(content)) - len(content))
    # A Builder writes from the end to the front: hand it the old file as what it has "written".
    builder = flatbuffers.Builder(len(tail) + sum(map(len, entries.values())) + (1 << 16))
    builder.head -= len(tail)
    builder.Bytes[builder.head : builder.head + len(tail)] = tail
    builder.minalign = _ALIGNMENT

    def old(position: int) -> int:
        return len(tail) - position

    buffers = [old(table.position) for table in model.tables(Slot.MODEL_BUFFERS)]
    metadata = [old(position) for _name, position in kept]
    for name, data in entries.items():
        metadata.append(_metadata_entry(builder, name, len(buffers)))
        buffers.append(_buffer(builder, data))
    # Every field of a Model but its version is a vector: refer to the old one, length word first.
    fields = {
        slot: old(start - 4)
        for slot in range(1, _MODEL_SLOTS)
        if (start := model.blob_span(slot)[0])
    }
    fields[Slot.MODEL_BUFFERS] = _offsets(builder, buffers)
    fields[Slot.MODEL_METADATA] = _offsets(builder, metadata)
    builder.StartObject(_MODEL_SLOTS)
    builder.PrependUint32Slot(_MODEL_VERSION, model.integer(_MODEL_VERSION, "uint32"), 0)
    for slot, offset in fields.items():
        builder.PrependUOffsetTRelativeSlot(slot, offset, 0)
    builder.Finish(builder.EndObject(), file_identifier=_IDENTIFIER)
    return bytes(builder.Output())


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


def _offsets(builder: Any, offsets: list[int]) -> int:
    builder.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        builder.PrependUOffsetTRelative(offset)
    return int(builder.EndVector())


def _entry(model: Table, name: str) -> bytes | None:
    buffers = model.tables(Slot.MODEL_BUFFERS)
    for entry in model.tables(Slot.MODEL_METADATA):
        index = entry.integer(Slot.METADATA_BUFFER, "uint32")
        if entry.text(Slot.METADATA_NAME) == name and index < len(buffers):
            return buffers[index].blob(Slot.BUFFER_DATA)
    return None


def _move_outside_content(data: bytearray, by: int) -> None:
    """Add `by` to every position in `data` that counts from the start of the file."""
    model = root(bytes(data))
    places = [(table, Slot.BUFFER_OFFSET) for table in model.tables(Slot.MODEL_BUFFERS)] + [
        (operator, _LARGE_OPTIONS_OFFSET)
        for graph in model.tables(Slot.MODEL_SUBGRAPHS)
        for operator in graph.tables(Slot.GRAPH_OPERATORS)
    ]
    moved = set()
    for table, slot in places:
        offset = table.integer(slot, "uint64")
        position = table.field_position(slot)
        # 0 and 1 mean "no content outside"; tables may be shared, and move once.
        if offset <= 1 or position in moved:
            continue
        if offset + by <= 1:
            message = f"content at {offset} cannot move by {by}"
            raise ModelError(message)
        struct.pack_into("<Q", data, position, offset + by)
        moved.add(position)


def _padded(length: int) -> int:
    return -(-length // _ALIGNMENT) * _ALIGNMENT
