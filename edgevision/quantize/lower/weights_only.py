"""fp16 and dynamic int8: smaller weights, activations in float; no calibration needed."""

import copy

import numpy as np

from edgevision.quantize.assign import affine
from edgevision.tflite import ops, schema
from edgevision.tflite.graph import Graph, Operator, Tensor
from edgevision.tflite.ops.kinds import kind_of

_SMALLEST = 1024
"""Constants with fewer values stay float32, as TFLiteConverter does: nothing to win."""


def to_fp16(graph: Graph) -> Graph:
    """`graph` with its float constants stored as float16 and widened when the model is loaded."""
    edited = graph.copy()
    widened: list[Operator] = []
    for index, tensor in enumerate(graph.tensors):
        if tensor.data is None or tensor.dtype != np.float32 or tensor.data.size < 2:
            continue
        # XNNPACK fails on an output that it would have to widen.
        if index in graph.outputs:
            continue
        # Beyond float16's largest number a weight would become infinite.
        if np.abs(tensor.data).max(initial=0) > np.finfo(np.float16).max:
            continue
        stored = edited.add_constant(f"{tensor.name};float16", tensor.data.astype(np.float16))
        edited.tensors[index] = Tensor(name=tensor.name, shape=tensor.shape, dtype=tensor.dtype)
        widened.append(dequantize_operator(stored, index, version=3))
    edited.operators = [*widened, *edited.operators]
    return edited


def to_dynamic(graph: Graph) -> Graph:
    """`graph` with int8 weights; convolutions and dense layers multiply in int8.

    Depthwise weights are widened to float when the model is loaded: their int8 kernel with a float
    input is several times slower than the float one.
    """
    edited = graph.copy()
    operators: list[Operator] = []
    widened: dict[int, int] = {}
    for op in graph.operators:
        rule = kind_of(op.name)
        if not rule.is_linear:
            operators.append(op)
            continue
        weights = graph.constant(op.inputs[rule.weights])
        if weights is None or weights.dtype != np.float32 or weights.size < _SMALLEST:
            operators.append(op)
            continue
        scales = affine.weight_scales(weights, rule.channel_axis, bias=None, input_scale=1.0)
        integers = affine.quantize_weights(weights, scales)
        name = graph.tensors[op.inputs[rule.weights]].name
        changed = copy.copy(op)
        changed.inputs = list(op.inputs)
        if rule.dynamic_version:
            changed.version = max(op.version, rule.dynamic_version)
            if op.name == ops.FULLY_CONNECTED:
                changed.version = 12
                changed.options = copy.copy(op.options)
                changed.options.asymmetricQuantizeInputs = True
            changed.inputs[rule.weights] = edited.add_constant(name, integers, scales=scales)
        else:
            source = op.inputs[rule.weights]
            if source not in widened:
                stored = edited.add_constant(f"{name};int8", integers, scales=scales)
                widened[source] = edited.add_tensor(
                    Tensor(name=name, shape=weights.shape, dtype=weights.dtype)
                )
                operators.append(dequantize_operator(stored, widened[source], version=5))
            changed.inputs[rule.weights] = widened[source]
        operators.append(changed)
    edited.operators = operators
    return edited


def dequantize_operator(source: int, target: int, *, version: int) -> Operator:
    """An operator that widens `source` to the float tensor `target`."""
    return Operator(
        name=ops.DEQUANTIZE,
        inputs=[source],
        outputs=[target],
        version=version,
        options_type=schema.BuiltinOptions.DequantizeOptions,
        options=schema.DequantizeOptionsT(),
    )
