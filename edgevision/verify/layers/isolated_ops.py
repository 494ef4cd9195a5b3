"""A float model taken apart: every operation reads inputs of its own.

Fed with what the quantized file's operations read, it says what each would have written had it
computed in float: what differs from what was written is that operation's own error.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgevision.errors import MissingDependencyError, ModelError

_IDENTIFIER = b"TFL3"


@dataclass(frozen=True, slots=True, kw_only=True)
class IsolatedOperators:
    """The model taken apart."""

    content: bytes
    """The `.tflite`."""
    inputs: tuple[int, ...]
    """Tensor of the whole model that each of its inputs stands for, in order."""
    outputs: tuple[int, ...]
    """As `inputs`; tensors of the whole model keep their index."""


def isolate_operators(content: bytes, operators: Collection[int]) -> IsolatedOperators:
    """`operators` (by index) of a float model side by side, each with inputs of its own.

    What is computed from constants alone (the widening of float16 weights) is kept with them.

    Raises:
        ModelError: the model has control flow.
        MissingDependencyError: no library here can write a `.tflite`.
    """
    schema, model = open_for_editing(content)
    graph = model.subgraphs[0]
    fixed = {
        at
        for at, tensor in enumerate(graph.tensors)
        if model.buffers[tensor.buffer].data is not None and len(model.buffers[tensor.buffer].data)
    }
    kept: list[Any] = []
    inputs: list[int] = []
    places: list[int] = []
    outputs: list[int] = []
    for index, operator in enumerate(graph.operators):
        used = [int(t) for t in operator.inputs if t >= 0]
        if used and all(t in fixed for t in used):
            fixed |= {int(t) for t in operator.outputs}
            kept.append(operator)
        elif index in operators:
            read = []
            for t in (int(t) for t in operator.inputs):
                if t < 0 or t in fixed:
                    read.append(t)
                    continue
                graph.tensors.append(_fresh(schema, graph.tensors[t], len(inputs)))
                inputs.append(t)
                places.append(len(graph.tensors) - 1)
                read.append(places[-1])
            operator.inputs = read
            outputs += [int(t) for t in operator.outputs]
            kept.append(operator)
    graph.operators, graph.inputs, graph.outputs = kept, places, outputs
    return IsolatedOperators(
        content=packed(model, len(content)), inputs=tuple(inputs), outputs=tuple(outputs)
    )


def open_for_editing(content: bytes) -> tuple[Any, Any]:
    """The schema's classes, and the model of `content` as one of them.

    Raises:
        ModelError: the model has control flow.
        MissingDependencyError: no library here can write a `.tflite`.
    """
    schema, _ = _libraries()
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(content, 0))
    if len(model.subgraphs) != 1:
        message = "the model has control flow (several graphs), which cannot be taken apart"
        raise ModelError(message)
    _bring_inside(model, content)
    return schema, model


def packed(model: Any, size_bytes: int) -> bytes:
    """The `.tflite` of `model`, without signatures and metadata; `size_bytes` is a guess."""
    _, flatbuffers = _libraries()
    model.signatureDefs, model.metadata, model.metadataBuffer = None, None, None
    builder = flatbuffers.Builder(size_bytes + 65536)
    builder.Finish(model.Pack(builder), file_identifier=_IDENTIFIER)
    return bytes(builder.Output())


def _libraries() -> tuple[Any, Any]:
    try:
        import flatbuffers
        from ai_edge_litert import schema_py_generated
    except ImportError as error:
        message = "taking a model apart needs ai-edge-litert"
        raise MissingDependencyError(message, hint="pip install ai-edge-litert") from error
    return schema_py_generated, flatbuffers


def _bring_inside(model: Any, content: bytes) -> None:
    """Content kept behind the flatbuffer would not be found again once the file is rewritten."""
    for buffer in model.buffers:
        if buffer.offset > 1:
            buffer.data = np.frombuffer(content, np.uint8, buffer.size, buffer.offset)
        buffer.offset = buffer.size = 0


def _fresh(schema: Any, tensor: Any, number: int) -> Any:
    """An input with the shape and type of `tensor`."""
    fresh = schema.TensorT()
    fresh.shape, fresh.type, fresh.hasRank = tensor.shape, tensor.type, tensor.hasRank
    fresh.name, fresh.buffer = f"separate_{number}", 0
    return fresh
