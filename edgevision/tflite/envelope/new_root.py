"""A new root table in front of a `.tflite`: the old file stays as it is and is referred into.

A FlatBuffer refers only forwards, so a root table, and what is new in it, can be laid before the
old file. Weights and graph stay byte for byte what they were and nothing is unpacked. The one
thing that counts from the start of the file, the position of content kept outside the flatbuffer,
is moved along.

Source: https://flatbuffers.dev/internals/ and tensorflow/lite/schema/schema.fbs (table Model).
"""

import struct
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from edgevision.errors import ModelError
from edgevision.tflite.flatbuffer import root
from edgevision.tflite.schema import Slot, new_builder

IDENTIFIER = b"TFL3"

# XNNPACK and the GPU delegate want weights aligned like this when the file is memory-mapped.
_ALIGNMENT = 64
_MODEL_SLOTS = 10
_MODEL_VERSION = 0
_LARGE_OPTIONS_OFFSET = 9

OldOffset: TypeAlias = Callable[[int], int]
"""The builder's offset of what lies at a position of the old file."""

Fields: TypeAlias = Callable[[Any, OldOffset], dict[int, int]]
"""Writes what is new with a builder; the offsets of the root's fields by slot."""


def with_new_root(content: bytes, write: Fields, *, room: int) -> bytes:
    """The `.tflite` `content` behind a root of which `write` replaces some fields.

    The result is `padded(len(content))` bytes longer than what is new, which comes first.

    Args:
        content: the old file, without an archive behind it.
        write: the new fields.
        room: about how many bytes they take.

    Raises:
        ModelError: `content` is damaged.
    """
    model = root(content)
    length = padded(len(content))
    tail = content + bytes(length - len(content))
    # A Builder writes from the end to the front: hand it the old file as what it has "written".
    builder = new_builder(length + room + (1 << 16))
    builder.head -= length
    builder.Bytes[builder.head : builder.head + length] = tail
    builder.minalign = _ALIGNMENT

    def old(position: int) -> int:
        return length - position

    # Every field of a Model but its version is a vector: refer to the old one, length word first.
    fields = {
        slot: old(start - 4)
        for slot in range(1, _MODEL_SLOTS)
        if (start := model.blob_span(slot)[0])
    }
    fields |= write(builder, old)
    builder.StartObject(_MODEL_SLOTS)
    builder.PrependUint32Slot(_MODEL_VERSION, model.integer(_MODEL_VERSION, "uint32"), 0)
    for slot, offset in fields.items():
        builder.PrependUOffsetTRelativeSlot(slot, offset, 0)
    builder.Finish(builder.EndObject(), file_identifier=IDENTIFIER)
    whole = bytearray(builder.Output())
    move_outside_content(whole, len(whole) - length)
    return bytes(whole)


def offsets(builder: Any, tables: Sequence[int]) -> int:
    """A vector of `tables`, given by their offsets."""
    builder.StartVector(4, len(tables), 4)
    for offset in reversed(tables):
        builder.PrependUOffsetTRelative(offset)
    return int(builder.EndVector())


def padded(length: int) -> int:
    """`length` bytes and what it takes to keep what follows aligned."""
    return -(-length // _ALIGNMENT) * _ALIGNMENT


def move_outside_content(data: bytearray, by: int) -> None:
    """Add `by` to every position in `data` that counts from the start of the file.

    Raises:
        ModelError: `data` is damaged.
    """
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
