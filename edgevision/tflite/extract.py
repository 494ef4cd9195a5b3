"""Cutting one operation out of a `.tflite` as a model of its own."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from edgevision.errors import MissingDependencyError, ModelError

_IDENTIFIER = b"TFL3"


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A model of one operation."""

    index: int
    """Of the operation in the whole model."""
    content: bytes
    """The `.tflite`."""
    inputs: tuple[int, ...]
    """Tensors of the whole model that its inputs are, in order."""


def single_operations(content: bytes) -> Iterator[Piece]:
    """Each operation of a model as a model; those computed from constants alone are left out.

    Such an operation (the widening of float16 weights) runs once when a model is opened, so it
    travels with the operation that uses it.

    Raises:
        ModelError: the model has control flow.
        MissingDependencyError: no library here can write a `.tflite`.
    """
    schema = _schema()
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(content, 0))
    if len(model.subgraphs) != 1:
        message = "the model has control flow (several graphs), which cannot be cut"
        raise ModelError(message)
    graph = model.subgraphs[0]
    constant_makers = _constant_makers(model)
    for index, operator in enumerate(graph.operators):
        if any(int(out) in constant_makers for out in operator.outputs):
            continue
        yield _cut(schema, model, index, constant_makers)


def _schema() -> Any:
    try:
        from ai_edge_litert import schema_py_generated
    except ImportError as error:
        message = "cutting a model into operations needs ai-edge-litert"
        raise MissingDependencyError(message, hint="pip install ai-edge-litert") from error
    return schema_py_generated


def _constant_makers(model: Any) -> dict[int, int]:
    """Tensor -> operation, for tensors computed from constants alone."""
    graph = model.subgraphs[0]
    constant = {index for index, tensor in enumerate(graph.tensors) if _has_content(model, tensor)}
    makers: dict[int, int] = {}
    for index, operator in enumerate(graph.operators):
        used = _used(operator)
        if used and all(tensor in constant for tensor in used):
            makers |= {int(out): index for out in operator.outputs}
            constant |= {int(out) for out in operator.outputs}
    return makers


def _has_content(model: Any, tensor: Any) -> bool:
    buffer = model.buffers[tensor.buffer]
    return (buffer.data is not None and len(buffer.data) > 0) or buffer.offset > 1


def _used(operator: Any) -> list[int]:
    return [int(tensor) for tensor in operator.inputs if tensor >= 0]


def _cut(schema: Any, model: Any, index: int, makers: dict[int, int]) -> Piece:
    import flatbuffers

    graph = model.subgraphs[0]
    needed = [index]
    for position in needed:
        # `needed` grows while it is walked: makers may need makers.
        needed += [makers[t] for t in _used(graph.operators[position]) if t in makers]
    chosen = [graph.operators[position] for position in sorted(set(needed))]
    tensors = sorted({t for op in chosen for t in (*_used(op), *(int(o) for o in op.outputs))})
    place = {tensor: position for position, tensor in enumerate(tensors)}
    made = {int(out) for op in chosen for out in op.outputs}
    inputs = [
        tensor
        for tensor in dict.fromkeys(_used(graph.operators[index]))
        if tensor not in made and not _has_content(model, graph.tensors[tensor])
    ]
    piece = schema.ModelT()
    piece.version = 3
    piece.operatorCodes = model.operatorCodes
    # Buffer 0 is by convention empty.
    piece.buffers = [schema.BufferT()]
    body = schema.SubGraphT()
    body.tensors = [_copy_tensor(schema, model, piece, graph.tensors[t]) for t in tensors]
    body.operators = [_copy_operator(schema, op, place) for op in chosen]
    body.inputs = [place[tensor] for tensor in inputs]
    body.outputs = [place[int(out)] for out in graph.operators[index].outputs]
    piece.subgraphs = [body]
    builder = flatbuffers.Builder(1024)
    builder.Finish(piece.Pack(builder), file_identifier=_IDENTIFIER)
    return Piece(index=index, content=bytes(builder.Output()), inputs=tuple(inputs))


def _copy_tensor(schema: Any, model: Any, piece: Any, tensor: Any) -> Any:
    copy = schema.TensorT()
    for name in ("shape", "shapeSignature", "type", "name", "quantization", "hasRank"):
        setattr(copy, name, getattr(tensor, name))
    copy.buffer = 0
    if _has_content(model, tensor):
        piece.buffers.append(model.buffers[tensor.buffer])
        copy.buffer = len(piece.buffers) - 1
    return copy


def _copy_operator(schema: Any, operator: Any, place: dict[int, int]) -> Any:
    copy = schema.OperatorT()
    copy.opcodeIndex = operator.opcodeIndex
    copy.builtinOptionsType = operator.builtinOptionsType
    copy.builtinOptions = operator.builtinOptions
    copy.builtinOptions2Type = operator.builtinOptions2Type
    copy.builtinOptions2 = operator.builtinOptions2
    copy.customOptions = operator.customOptions
    copy.inputs = [place[int(tensor)] if tensor >= 0 else -1 for tensor in operator.inputs]
    copy.outputs = [place[int(tensor)] for tensor in operator.outputs]
    return copy
