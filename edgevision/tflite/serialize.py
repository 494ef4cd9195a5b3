"""From an edited graph to the bytes of a `.tflite`."""

import copy
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgevision.tflite import ops, schema
from edgevision.tflite.flatbuffer import root
from edgevision.tflite.graph import Graph, Operator, QuantParams, Tensor
from edgevision.tflite.parse import DTYPES, operator_code, unpack
from edgevision.tflite.schema import ALIGNMENT, IDENTIFIER, Slot

_CODES = {dtype: code for code, dtype in DTYPES.items()}


class _AlignedBuffer:
    """Stands in for the schema's BufferT, which does not care where its bytes begin.

    Here it is a multiple of ALIGNMENT from the file's start.
    """

    def __init__(self, data: NDArray[Any] | None) -> None:
        self.data = data

    def Pack(self, builder: Any) -> Any:  # noqa: N802 - name of the generated method
        if self.data is None or not self.data.size:
            schema.BufferStart(builder)
            return schema.BufferEnd(builder)
        data = np.ascontiguousarray(self.data).view(np.uint8).reshape(-1)
        builder.StartVector(1, data.size, ALIGNMENT)
        head = builder.head - data.size
        builder.head = head
        builder.Bytes[head : head + data.size] = data.tobytes()
        vector = builder.EndVector()
        schema.BufferStart(builder)
        schema.BufferAddData(builder, vector)
        return schema.BufferEnd(builder)


def pack(file: Any) -> bytes:
    """The `.tflite` of a ModelT whose content is all inside (`parse.unpack`), aligned."""
    written = copy.copy(file)
    written.buffers = [
        _AlignedBuffer(None if buffer.data is None else np.asarray(buffer.data))
        for buffer in file.buffers
    ]
    size = sum(buffer.data.nbytes for buffer in written.buffers if buffer.data is not None)
    builder = schema.new_builder(size + 65536)
    builder.Finish(written.Pack(builder), IDENTIFIER)
    return bytes(builder.Output())


def aligned(content: bytes) -> bytes:
    """The `.tflite` `content` with every buffer on a multiple of ALIGNMENT; the same one if it is.

    TFLiteConverter's are not: its last step rewrites the file without regard to it.

    Raises:
        ModelError: `content` is damaged.
        MissingDependencyError: ai-edge-litert is not installed.
    """
    spans = (
        table.blob_span(Slot.BUFFER_DATA) for table in root(content).tables(Slot.MODEL_BUFFERS)
    )
    if all(start % ALIGNMENT == 0 for start, length in spans if length):
        return content
    return pack(unpack(content))


def serialize(graph: Graph) -> bytes:
    """The `.tflite` of `graph`: tensors nothing uses are left out, equal operators share a code.

    Every constant begins on a multiple of 16 bytes.

    Raises:
        MissingDependencyError: ai-edge-litert is not installed.
    """
    file = copy.copy(graph.file)
    # Buffer 0 is the empty one by convention.
    file.buffers = [_AlignedBuffer(None)]
    file.operatorCodes = []
    code_numbers: dict[tuple[str, int, str | None], int] = {}
    old_codes = [operator_code(entry) for entry in graph.file.operatorCodes]

    def code_number(code: tuple[str, int, str | None]) -> int:
        if code not in code_numbers:
            code_numbers[code] = len(file.operatorCodes)
            file.operatorCodes.append(_code_entry(*code))
        return code_numbers[code]

    def keep_buffer(old: int) -> int:
        data = graph.file.buffers[old].data
        if data is None or not len(data):
            return 0
        file.buffers.append(_AlignedBuffer(np.asarray(data, np.uint8)))
        return len(file.buffers) - 1

    main = copy.copy(graph.file.subgraphs[0])
    used = sorted(_used(graph))
    place = {old: new for new, old in enumerate(used)}
    main.tensors = []
    shared: dict[int, int] = {}
    for old in used:
        tensor = graph.tensors[old]
        number = 0
        if tensor.data is not None:
            if id(tensor.data) not in shared:
                file.buffers.append(_AlignedBuffer(tensor.data))
                shared[id(tensor.data)] = len(file.buffers) - 1
            number = shared[id(tensor.data)]
        elif tensor.dtype is None:
            number = keep_buffer(tensor.raw.buffer)
        main.tensors.append(_write_tensor(tensor, number))
    main.operators = [
        _write_operator(op, code_number((op.name, op.version, op.custom_code)), place)
        for op in graph.operators
    ]
    main.inputs = [place[i] for i in graph.inputs]
    main.outputs = [place[i] for i in graph.outputs]
    file.subgraphs = [main]
    for other in graph.file.subgraphs[1:]:
        file.subgraphs.append(_carry(other, old_codes, code_number, keep_buffer))
    file.signatureDefs = _signatures(graph, place)
    # Metadata describes the file it came in; of an edited one it would tell lies.
    file.metadata = file.metadataBuffer = None
    return pack(file)


def _used(graph: Graph) -> set[int]:
    used = set(graph.inputs) | set(graph.outputs)
    for op in graph.operators:
        used.update(t for t in (*op.inputs, *op.outputs) if t >= 0)
        intermediates = getattr(op.raw, "intermediates", None)
        used.update(int(t) for t in (() if intermediates is None else intermediates))
    return used


def _code_entry(name: str, version: int, custom: str | None) -> Any:
    entry = schema.OperatorCodeT()
    entry.builtinCode = ops.code_of(name)
    entry.deprecatedBuiltinCode = min(entry.builtinCode, 127)
    entry.version = version
    entry.customCode = custom
    return entry


def _write_tensor(tensor: Tensor, buffer: int) -> Any:
    raw = copy.copy(tensor.raw) if tensor.raw is not None else schema.TensorT()
    raw.name = tensor.name
    raw.buffer = buffer
    if tensor.dtype is not None:
        raw.type = _CODES[tensor.dtype]
        raw.shape = list(tensor.shape)
        raw.quantization = _write_scales(tensor.scales)
    if tensor.raw is None:
        raw.hasRank = True
    return raw


def _write_scales(scales: QuantParams | None) -> Any:
    raw = schema.QuantizationParametersT()
    if scales is not None:
        raw.scale = scales.scale.astype(np.float32)
        raw.zeroPoint = scales.zero_point.astype(np.int64)
        raw.quantizedDimension = scales.axis
    return raw


def _write_operator(op: Operator, code: int, place: dict[int, int]) -> Any:
    raw = copy.copy(op.raw) if op.raw is not None else schema.OperatorT()
    raw.opcodeIndex = code
    raw.inputs = [place[t] if t >= 0 else -1 for t in op.inputs]
    raw.outputs = [place[t] for t in op.outputs]
    raw.builtinOptionsType = op.options_type
    raw.builtinOptions = op.options
    intermediates = getattr(raw, "intermediates", None)
    if intermediates is not None:
        raw.intermediates = [place[int(t)] for t in intermediates]
    return raw


def _carry(other: Any, codes: Any, code_number: Any, keep_buffer: Any) -> Any:
    """A subgraph that is not edited, with its operator codes and buffers renumbered."""
    carried = copy.copy(other)
    carried.tensors = [copy.copy(tensor) for tensor in other.tensors]
    for tensor in carried.tensors:
        tensor.buffer = keep_buffer(tensor.buffer)
    carried.operators = [copy.copy(op) for op in other.operators or ()]
    for op in carried.operators:
        op.opcodeIndex = code_number(codes[op.opcodeIndex])
    return carried


def _signatures(graph: Graph, place: dict[int, int]) -> list[Any]:
    """Signatures, whose inputs and outputs follow those of the graph by position."""
    if not graph.file.signatureDefs:
        return []
    old = graph.file.subgraphs[0]
    follow = dict(zip((int(i) for i in old.inputs), graph.inputs, strict=True))
    follow |= dict(zip((int(i) for i in old.outputs), graph.outputs, strict=True))
    signatures = []
    for signature in graph.file.signatureDefs or ():
        carried = copy.copy(signature)
        if signature.subgraphIndex == 0:
            carried.inputs = _renumber(signature.inputs, follow, place)
            carried.outputs = _renumber(signature.outputs, follow, place)
        signatures.append(carried)
    return signatures


def _renumber(
    entries: Iterable[Any] | None, follow: dict[int, int], place: dict[int, int]
) -> list[Any]:
    renumbered = []
    for entry in entries or ():
        carried = copy.copy(entry)
        carried.tensorIndex = place[follow.get(entry.tensorIndex, entry.tensorIndex)]
        renumbered.append(carried)
    return renumbered
