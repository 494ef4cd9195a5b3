"""Giving a `.tflite` an interface that LiteRT's Kotlin API has a type for.

`TensorType.ElementType` knows FLOAT and INT8 and no UINT8. A uint8 tensor with zero point z and an
int8 tensor with the same scale and zero point z - 128 hold the same real values when every stored
number is lowered by 128, so only the edge of the graph changes: where a QUANTIZE operation stands
there already, its outer tensor changes type; where none does, one is put there. Everything inside
stays as it was, and `proof.prove_equal` shows that the answers do.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from edgevision.errors import ModelError, VerificationError
from edgevision.tflite import ops, schema
from edgevision.tflite.parse import operator_code, unpack
from edgevision.tflite.read import read_model
from edgevision.tflite.serialize import pack
from edgevision.tflite.view import Tensor, TfliteModel

_SHIFT = 128
_QUANTIZE_VERSION = 2
"""Of QUANTIZE: the first that takes uint8 and int8 inputs."""


def needs_int8(model: TfliteModel) -> bool:
    """Whether an input or an output of `model` is uint8."""
    edges = (*model.inputs, *model.outputs)
    return any(model.tensors[index].dtype == "uint8" for index in edges)


def to_int8_interface(content: bytes) -> bytes:
    """The `.tflite` `content` with int8 in place of uint8 at its inputs and outputs.

    Raises:
        ModelError: an input or output is uint8 without one scale and zero point.
        VerificationError: something other than the interface changed.
        MissingDependencyError: ai-edge-litert, which writes the file, is not installed.
    """
    before = read_model(content)
    if not needs_int8(before):
        return content
    model = unpack(content)
    graph = model.subgraphs[0]
    graph.inputs, graph.outputs = np.array(graph.inputs), np.array(graph.outputs)
    for position, index in enumerate(before.inputs):
        if before.tensors[index].dtype == "uint8":
            _check_quantized(before.tensors[index])
            users = [op for op in graph.operators if index in list(op.inputs)]
            if users and all(_is_quantize(model, op) for op in users):
                _retype(graph.tensors[index])
            else:
                outer = _insert_quantize(model, index, at_input=True)
                graph.inputs[position] = outer
                _rename_in_signatures(model, index, outer)
    for position, index in enumerate(before.outputs):
        if before.tensors[index].dtype == "uint8" and index not in before.inputs:
            _check_quantized(before.tensors[index])
            (maker,) = [op for op in graph.operators if index in list(op.outputs)]
            used_inside = any(index in list(op.inputs) for op in graph.operators)
            if _is_quantize(model, maker) and not used_inside:
                _retype(graph.tensors[index])
            else:
                outer = _insert_quantize(model, index, at_input=False)
                graph.outputs[position] = outer
                _rename_in_signatures(model, index, outer)
    written = pack(model)
    _check_interior(before, read_model(written))
    return written


def _check_quantized(tensor: Tensor) -> None:
    if len(tensor.scales) != 1 or len(tensor.zero_points) != 1:
        message = f"tensor {tensor.name!r} is uint8 without one scale and zero point"
        raise ModelError(message, hint="quantize the model again with edgevision quantize")


def _is_quantize(model: Any, operator: Any) -> bool:
    name, _version, _custom = operator_code(model.operatorCodes[operator.opcodeIndex])
    return name == ops.QUANTIZE


def _retype(tensor: Any) -> None:
    tensor.type = schema.TensorType.INT8
    tensor.quantization.zeroPoint = np.asarray(tensor.quantization.zeroPoint, np.int64) - _SHIFT


def _insert_quantize(model: Any, index: int, *, at_input: bool) -> int:
    """Put QUANTIZE between the uint8 tensor `index` and the world; index of the int8 tensor."""
    graph = model.subgraphs[0]
    inner = graph.tensors[index]
    outer = schema.TensorT()
    # The world knows the tensor by its name, so the name moves out.
    outer.name, inner.name = inner.name, inner.name + b"_uint8"
    outer.shape, outer.shapeSignature = inner.shape, inner.shapeSignature
    outer.buffer = 0
    outer.quantization = schema.QuantizationParametersT()
    outer.quantization.scale = np.asarray(inner.quantization.scale, np.float32)
    outer.quantization.zeroPoint = np.asarray(inner.quantization.zeroPoint, np.int64)
    _retype(outer)
    graph.tensors.append(outer)
    added = len(graph.tensors) - 1
    operator = schema.OperatorT()
    operator.opcodeIndex = _quantize_code(model)
    operator.inputs = np.array([added if at_input else index], np.int32)
    operator.outputs = np.array([index if at_input else added], np.int32)
    operator.builtinOptionsType = schema.BuiltinOptions.QuantizeOptions
    operator.builtinOptions = schema.QuantizeOptionsT()
    graph.operators.insert(0 if at_input else len(graph.operators), operator)
    return added


def _quantize_code(model: Any) -> int:
    for position, code in enumerate(model.operatorCodes):
        name, version, _custom = operator_code(code)
        if name == ops.QUANTIZE and version >= _QUANTIZE_VERSION:
            return position
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = ops.code_of(ops.QUANTIZE)
    code.version = _QUANTIZE_VERSION
    model.operatorCodes.append(code)
    return len(model.operatorCodes) - 1


def _rename_in_signatures(model: Any, old: int, new: int) -> None:
    for signature in model.signatureDefs or []:
        for entry in (*(signature.inputs or []), *(signature.outputs or [])):
            if signature.subgraphIndex == 0 and entry.tensorIndex == old:
                entry.tensorIndex = new


def _check_interior(before: TfliteModel, after: TfliteModel) -> None:
    """Every tensor and operation of `before` is in `after`, but for the retyped edges."""
    edges = {*before.inputs, *before.outputs}
    same = all(
        _described(old, is_edge=index in edges) == _described(new, is_edge=index in edges)
        for index, (old, new) in enumerate(zip(before.tensors, after.tensors, strict=False))
    )
    added = len(after.tensors) - len(before.tensors)
    kept = [op for op in after.operators if not _touches(op, len(before.tensors))]
    if (
        not same
        or len(after.operators) - len(before.operators) != added
        or [(op.name, op.version, op.inputs, op.outputs) for op in kept]
        != [(op.name, op.version, op.inputs, op.outputs) for op in before.operators]
    ):
        message = "rewriting the interface changed the network inside"
        raise VerificationError(message, hint="report this with the model; keep uint8")


def _touches(operator: Any, first_added: int) -> bool:
    return any(index >= first_added for index in (*operator.inputs, *operator.outputs))


def _described(tensor: Tensor, *, is_edge: bool) -> Tensor:
    if is_edge:
        return replace(tensor, dtype="", zero_points=(), name="")
    return tensor
