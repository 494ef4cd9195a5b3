"""From the bytes of a `.tflite` to a graph that can be edited."""

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgevision.errors import ModelError
from edgevision.tflite import ops, schema
from edgevision.tflite.graph import Graph, Operator, QuantParams, Tensor
from edgevision.tflite.schema import IDENTIFIER, TENSOR_TYPES

_IN_NUMPY = (
    *("float32", "float16", "float64", "bool", "int8", "int16", "int32", "int64"),
    *("uint8", "uint16", "uint32", "uint64"),
)
DTYPES: dict[int, np.dtype[Any]] = {
    code: np.dtype(name) for code, name in enumerate(TENSOR_TYPES) if name in _IN_NUMPY
}
"""Element types by the schema's code; without those that NumPy lacks (strings, 4-bit)."""


def parse(content: bytes) -> Graph:
    """The main subgraph of a `.tflite`, ready to be edited.

    Raises:
        ModelError: the file is damaged, or has no subgraph.
        MissingDependencyError: ai-edge-litert is not installed.
    """
    file = unpack(content)
    try:
        subgraph = file.subgraphs[0]
        codes = [operator_code(entry) for entry in file.operatorCodes]
        tensors = [_read_tensor(raw, file.buffers) for raw in subgraph.tensors]
        operators = [
            _read_operator(at, raw, codes) for at, raw in enumerate(subgraph.operators or ())
        ]
    except _DAMAGE as error:
        raise _damaged(error) from error
    return Graph(
        tensors=tensors,
        operators=operators,
        inputs=[int(i) for i in subgraph.inputs],
        outputs=[int(i) for i in subgraph.outputs],
        file=file,
    )


def unpack(content: bytes) -> Any:
    """The schema's ModelT of a `.tflite`, with all content inside: for edits beyond a graph's.

    Raises:
        ModelError: the file is damaged.
        MissingDependencyError: ai-edge-litert is not installed.
    """
    if content[4:8] != IDENTIFIER:
        message = "not a .tflite file: the identifier TFL3 is missing"
        raise ModelError(message, hint="edgevision convert model.keras -o model.tflite")
    try:
        file = schema.ModelT.InitFromPackedBuf(bytearray(content), 0)
        _bring_inside(file, content)
    except _DAMAGE as error:
        raise _damaged(error) from error
    return file


_DAMAGE = (
    IndexError,
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    OverflowError,
    struct.error,
)


def _damaged(error: Exception) -> ModelError:
    return ModelError(
        f"the .tflite file is damaged: {error}", hint="copy it again, or convert the model again"
    )


def operator_code(entry: Any) -> tuple[str, int, str | None]:
    """(name, version, custom name) of an entry of the file's operator codes."""
    # Old writers fill only the byte-sized field, which cannot say more than 127.
    number = max(entry.builtinCode, entry.deprecatedBuiltinCode)
    custom = entry.customCode
    return (
        ops.name_of(number),
        entry.version,
        custom.decode() if isinstance(custom, bytes) else custom,
    )


def _bring_inside(file: Any, content: bytes) -> None:
    """Take in what is stored behind the flatbuffer; its offsets would not survive rewriting."""
    for buffer in file.buffers:
        if buffer.offset > 1:
            buffer.data = _outside(content, buffer.offset, buffer.size)
        buffer.offset = buffer.size = 0
    for subgraph in file.subgraphs:
        for op in subgraph.operators or ():
            if op.largeCustomOptionsOffset > 1:
                start, size = op.largeCustomOptionsOffset, op.largeCustomOptionsSize
                op.customOptions = _outside(content, start, size)
            op.largeCustomOptionsOffset = op.largeCustomOptionsSize = 0


def _outside(content: bytes, start: int, size: int) -> NDArray[np.uint8]:
    if start + size > len(content):
        message = f"content at {start} runs past the end"
        raise ValueError(message)
    return np.frombuffer(content, np.uint8, size, start)


def _read_tensor(raw: Any, buffers: list[Any]) -> Tensor:
    shape = tuple(int(side) for side in raw.shape) if raw.shape is not None else ()
    dtype = DTYPES.get(raw.type)
    stored = buffers[raw.buffer].data
    data = None
    if stored is not None and len(stored) and dtype is not None:
        data = np.frombuffer(np.asarray(stored, np.uint8).tobytes(), dtype).reshape(shape)
    return Tensor(
        name=raw.name.decode() if isinstance(raw.name, bytes) else str(raw.name or ""),
        shape=shape,
        dtype=dtype,
        data=data,
        scales=_read_scales(raw.quantization),
        raw=raw,
    )


def _read_scales(raw: Any) -> QuantParams | None:
    if raw is None or raw.scale is None or not len(raw.scale):
        return None
    scale = np.asarray(raw.scale, np.float32)
    zero = np.zeros(len(scale)) if raw.zeroPoint is None else raw.zeroPoint
    return QuantParams(
        scale=scale, zero_point=np.asarray(zero, np.int64), axis=int(raw.quantizedDimension)
    )


def _read_operator(at: int, raw: Any, codes: list[tuple[str, int, str | None]]) -> Operator:
    name, version, custom = codes[raw.opcodeIndex]
    return Operator(
        name=name,
        version=version,
        inputs=[] if raw.inputs is None else [int(i) for i in raw.inputs],
        outputs=[] if raw.outputs is None else [int(i) for i in raw.outputs],
        options_type=raw.builtinOptionsType,
        options=raw.builtinOptions,
        custom_code=custom,
        raw=raw,
        id=at,
    )
