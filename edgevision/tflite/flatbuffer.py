"""A bounds-checked reader of FlatBuffers: a file from a stranger is data, and may lie.

Every access is checked against the buffer, so a damaged file ends in ModelError and never in a
crash or a huge allocation. Reading needs no generated code and no TensorFlow, which is what lets
`inspect` run on a 32-bit Pi.

Source: the FlatBuffers binary format, https://flatbuffers.dev/internals/
"""

import struct
from dataclasses import dataclass

from edgevision.errors import ModelError

_FORMATS = {
    "int8": struct.Struct("<b"),
    "uint8": struct.Struct("<B"),
    "bool": struct.Struct("<?"),
    "int16": struct.Struct("<h"),
    "uint16": struct.Struct("<H"),
    "int32": struct.Struct("<i"),
    "uint32": struct.Struct("<I"),
    "float32": struct.Struct("<f"),
    "int64": struct.Struct("<q"),
    "uint64": struct.Struct("<Q"),
    "float64": struct.Struct("<d"),
}


_BYTES_OF_A_TABLE = 16
"""What a table costs of a budget; no useful table takes less room in the file."""


@dataclass(slots=True)
class Budget:
    """How much may still be read out of one buffer.

    Offsets may make many lists lie on top of each other: a small file can claim terabytes. An
    honest file is read about once.
    """

    left: int

    def spend(self, size: int) -> None:
        """Take `size` bytes; raises ModelError when there are no more."""
        self.left -= size
        if self.left < 0:
            raise _damaged("its parts lie on top of each other")


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the buffer; fields are read by their slot number in the schema."""

    data: bytes
    position: int
    budget: Budget

    def field_position(self, slot: int) -> int:
        """Absolute position of the field, or 0 when the file leaves it at its default."""
        vtable = self.position - _scalar(self.data, self.position, "int32")
        size = _scalar(self.data, vtable, "uint16")
        entry = 4 + 2 * slot
        if entry + 2 > size:
            return 0
        offset = _scalar(self.data, vtable + entry, "uint16")
        return self.position + offset if offset else 0

    def scalar(self, slot: int, kind: str, default: float = 0) -> float:
        """The number in `slot`, of type `kind` ("int32", "float32", ...)."""
        position = self.field_position(slot)
        return _scalar(self.data, position, kind) if position else default

    def integer(self, slot: int, kind: str, default: int = 0) -> int:
        """The whole number in `slot`, of type `kind` ("int8", "uint32", ...)."""
        return int(self.scalar(slot, kind, default))

    def text(self, slot: int) -> str:
        """The string in `slot`, empty when absent; bytes that are not UTF-8 are replaced."""
        return self.blob(slot).decode("utf-8", "replace")

    def blob(self, slot: int) -> bytes:
        """The bytes of a string or of a vector of bytes in `slot`, empty when absent."""
        return self.take(*self._vector(slot, 1))

    def take(self, start: int, length: int) -> bytes:
        """A copy of `length` bytes of the buffer from `start`."""
        self.budget.spend(length)
        return self.data[start : start + length]

    def blob_span(self, slot: int) -> tuple[int, int]:
        """`(start, length)` of the bytes in `slot` within the buffer, without copying them."""
        return self._vector(slot, 1)

    def table(self, slot: int) -> "Table | None":
        """The table in `slot`, or None when absent."""
        position = self.field_position(slot)
        return self._follow(position) if position else None

    def numbers(self, slot: int, kind: str) -> tuple[float, ...]:
        """The vector of numbers in `slot`, empty when absent."""
        layout = _FORMATS[kind]
        start, length = self._vector(slot, layout.size)
        self.budget.spend(length * layout.size)
        return struct.unpack_from(f"<{length}{layout.format[-1]}", self.data, start)

    def integers(self, slot: int, kind: str) -> tuple[int, ...]:
        """The vector of whole numbers in `slot`, empty when absent."""
        return tuple(int(value) for value in self.numbers(slot, kind))

    def tables(self, slot: int) -> "tuple[Table, ...]":
        """The vector of tables in `slot`, empty when absent."""
        start, length = self._vector(slot, 4)
        self.budget.spend(length * _BYTES_OF_A_TABLE)
        return tuple(self._follow(start + 4 * index) for index in range(length))

    def _follow(self, position: int) -> "Table":
        return _table_at(self.data, position, self.budget)

    def _vector(self, slot: int, item_size: int) -> tuple[int, int]:
        position = self.field_position(slot)
        if not position:
            return 0, 0
        start = position + _scalar(self.data, position, "uint32")
        length = _scalar(self.data, start, "uint32")
        start += 4
        if start + length * item_size > len(self.data):
            raise _damaged(f"a list of {length} items at {start} runs past the end")
        return start, length


def root(data: bytes) -> Table:
    """The root table of a buffer.

    Raises:
        ModelError: the buffer is too short or its first offset points outside.
    """
    return _table_at(data, 0, Budget(4 * len(data) + (1 << 20)))


def _table_at(data: bytes, position: int, budget: Budget) -> Table:
    target = position + _scalar(data, position, "uint32")
    if target + 4 > len(data):
        raise _damaged(f"an offset at {position} points to {target}, past the end")
    return Table(data, target, budget)


def _scalar(data: bytes, position: int, kind: str) -> int:
    layout = _FORMATS[kind]
    if position < 0 or position + layout.size > len(data):
        raise _damaged(f"a {kind} at {position} lies outside its {len(data)} bytes")
    value: int = layout.unpack_from(data, position)[0]
    return value


def _damaged(what: str) -> ModelError:
    return ModelError(
        f"the file is damaged: {what}", hint="copy it again, or convert the model again"
    )
