"""Reading what a `.tflite` file holds, without running it and without any runtime installed."""

from pathlib import Path

from edgevision.errors import ModelError
from edgevision.tflite import ops
from edgevision.tflite.envelope.signature import read_signatures
from edgevision.tflite.flatbuffer import Table, root
from edgevision.tflite.schema import IDENTIFIER, TENSOR_TYPES, Slot
from edgevision.tflite.view import Operator, Tensor, TfliteModel

MAX_FILE_BYTES = 2 << 30
"""FlatBuffers use 31-bit offsets; larger files hold their weights outside the buffer."""

_MAX_ITEMS = 1_000_000
"""Tensors or operators in one file; the largest real networks have some ten thousands."""


def read_content(source: Path | bytes) -> bytes:
    """The bytes of a `.tflite`, with its size and its file identifier checked.

    Raises:
        ModelError: the file is missing, unreadable, too large, or not a `.tflite`.
    """
    if isinstance(source, Path):
        try:
            size = source.stat().st_size
            if size > MAX_FILE_BYTES:
                message = f"{source} has {size} bytes; a .tflite has at most {MAX_FILE_BYTES}"
                raise ModelError(message)
            data = source.read_bytes()
        except OSError as error:
            message = f"cannot read {source}: {error.strerror}"
            raise ModelError(message, hint="check the path") from error
        name = str(source)
    else:
        data, name = source, "the model"
    if data[4:8] != IDENTIFIER:
        what = "is empty" if not data else "is not a .tflite file (its identifier is missing)"
        message = f"{name} {what}"
        raise ModelError(message, hint="edgevision convert model.keras -o model.tflite")
    return data


def read_model(source: Path | bytes) -> TfliteModel:
    """The facts of a `.tflite` given by path or content.

    Raises:
        ModelError: the file is missing, not a `.tflite`, or damaged.
    """
    data = read_content(source)
    name = source.name if isinstance(source, Path) else "the model"
    try:
        return _read(data)
    except ModelError as error:
        message = f"{name}: {error}"
        raise ModelError(message, hint=error.hint) from error


def _read(data: bytes) -> TfliteModel:
    model = root(data)
    graphs = _bounded(model.tables(Slot.MODEL_SUBGRAPHS), "graphs")
    if not graphs:
        message = "it holds no graph"
        raise ModelError(message)
    graph = graphs[0]
    buffers = _bounded(model.tables(Slot.MODEL_BUFFERS), "buffers")
    contents = _Contents(buffers)
    codes = [_operator_code(code) for code in model.tables(Slot.MODEL_OPERATOR_CODES)]
    tensors = tuple(
        _tensor(index, table, contents)
        for index, table in enumerate(_bounded(graph.tables(Slot.GRAPH_TENSORS), "tensors"))
    )
    operators = tuple(
        _operator(index, table, codes, len(tensors))
        for index, table in enumerate(_bounded(graph.tables(Slot.GRAPH_OPERATORS), "operators"))
    )
    inputs = graph.integers(Slot.GRAPH_INPUTS, "int32")
    outputs = graph.integers(Slot.GRAPH_OUTPUTS, "int32")
    _check_indices((*inputs, *outputs), len(tensors), lowest=0)
    metadata = {
        entry.text(Slot.METADATA_NAME): contents[entry.integer(Slot.METADATA_BUFFER, "uint32")]
        or b""
        for entry in model.tables(Slot.MODEL_METADATA)
    }
    return TfliteModel(
        tensors=tensors,
        operators=operators,
        inputs=inputs,
        outputs=outputs,
        subgraphs=len(graphs),
        description=model.text(Slot.MODEL_DESCRIPTION),
        metadata=metadata,
        size_bytes=len(data),
        signatures=read_signatures(data),
    )


def _operator_code(table: Table) -> tuple[str, bool, int]:
    # The 8-bit field ran out of numbers at 127; newer files use the 32-bit one, and the larger
    # of both is the code.
    code = max(
        table.integer(Slot.CODE_DEPRECATED, "int8"), table.integer(Slot.CODE_BUILTIN, "int32")
    )
    version = table.integer(Slot.CODE_VERSION, "int32", 1)
    name = ops.name_of(code)
    is_custom = name == ops.CUSTOM
    return (table.text(Slot.CODE_CUSTOM) or name) if is_custom else name, is_custom, version


def _tensor(index: int, table: Table, contents: "_Contents") -> Tensor:
    code = table.integer(Slot.TENSOR_TYPE, "int8")
    quantization = table.table(Slot.TENSOR_QUANTIZATION)
    shape = table.integers(Slot.TENSOR_SHAPE, "int32")
    return Tensor(
        index=index,
        name=table.text(Slot.TENSOR_NAME),
        shape=shape,
        shape_signature=table.integers(Slot.TENSOR_SHAPE_SIGNATURE, "int32"),
        dtype=TENSOR_TYPES[code] if 0 <= code < len(TENSOR_TYPES) else f"type_{code}",
        scales=quantization.numbers(Slot.QUANT_SCALE, "float32") if quantization else (),
        zero_points=quantization.integers(Slot.QUANT_ZERO_POINT, "int64") if quantization else (),
        axis=quantization.integer(Slot.QUANT_AXIS, "int32") if quantization else 0,
        data=contents[table.integer(Slot.TENSOR_BUFFER, "uint32")],
    )


class _Contents(dict[int, bytes | None]):
    """Content of each buffer by number, copied once however many tensors share it."""

    def __init__(self, buffers: tuple[Table, ...]) -> None:
        self._buffers = buffers

    def __missing__(self, index: int) -> bytes | None:
        self[index] = _buffer_data(self._buffers, index)
        return self[index]


def _buffer_data(buffers: tuple[Table, ...], index: int) -> bytes | None:
    # Buffer 0 is by convention empty: "no data".
    if index == 0:
        return None
    if index >= len(buffers):
        message = f"buffer {index} of {len(buffers)} does not exist"
        raise ModelError(message)
    table = buffers[index]
    start, length = table.blob_span(Slot.BUFFER_DATA)
    if not length:
        # Newer writers keep content behind the flatbuffer; offsets 0 and 1 mean "none".
        start = table.integer(Slot.BUFFER_OFFSET, "uint64")
        length = table.integer(Slot.BUFFER_SIZE, "uint64")
        if start <= 1 or not length:
            return None
        if start + length > len(table.data):
            message = f"buffer {index} runs past the end of the file"
            raise ModelError(message, hint="copy it again, or convert the model again")
    return table.take(start, length)


def _operator(
    index: int, table: Table, codes: list[tuple[str, bool, int]], tensors: int
) -> Operator:
    code = table.integer(Slot.OP_CODE, "uint32")
    if code >= len(codes):
        message = f"operator {index} has code {code} of {len(codes)}"
        raise ModelError(message)
    name, is_custom, version = codes[code]
    inputs = table.integers(Slot.OP_INPUTS, "int32")
    outputs = table.integers(Slot.OP_OUTPUTS, "int32")
    _check_indices(inputs, tensors, lowest=-1)
    _check_indices(outputs, tensors, lowest=0)
    return Operator(
        index=index,
        name=name,
        is_custom=is_custom,
        version=version,
        inputs=inputs,
        outputs=outputs,
        options=table.table(Slot.OP_OPTIONS),
    )


def _check_indices(indices: tuple[int, ...], tensors: int, *, lowest: int) -> None:
    for index in indices:
        if not lowest <= index < tensors:
            message = f"tensor {index} of {tensors} does not exist"
            raise ModelError(message)


def _bounded(tables: tuple[Table, ...], what: str) -> tuple[Table, ...]:
    if len(tables) > _MAX_ITEMS:
        message = f"it claims {len(tables)} {what}"
        raise ModelError(message)
    return tables
