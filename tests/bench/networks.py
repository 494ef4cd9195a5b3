"""Small networks written with LiteRT's own schema classes: no TensorFlow needed."""

from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema


def hard_swish_network(blocks: int, side: int = 16, channels: int = 8, extra: int = 0) -> bytes:
    """int8 convolutions of 3x3, each followed by a HARD_SWISH, as MobileNetV3 has them.

    `extra` more convolutions of 1x1 are added at the end, to make it slower by a little.
    """
    graph = _Graph()
    chance = np.random.default_rng(0)
    value = graph.tensor([1, side, side, 3], 0.02)
    graph.body.inputs = [value]
    depth = 3
    for _ in range(blocks):
        value = graph.convolution(value, *_random(chance, channels, 3, depth))
        swished = graph.tensor([1, side, side, channels], 0.02)
        graph.operator(schema.BuiltinOperator.HARD_SWISH, [value], [swished])
        value, depth = swished, channels
    for _ in range(extra):
        value = graph.convolution(value, *_random(chance, channels, 1, depth))
    graph.body.outputs = [value]
    return graph.packed()


def _random(chance: np.random.Generator, out: int, window: int, depth: int) -> tuple[Any, Any]:
    weights = chance.integers(-127, 128, [out, window, window, depth]).astype(np.int8)
    return weights, np.zeros(out, np.int32)


def brightness_classifier(*, swapped: bool = False) -> bytes:
    """uint8 pixels (1, 4, 4, 3) in, two int8 scores out: dark is class 0, bright class 1.

    A convolution over the whole picture; `swapped` answers the other way round.
    """
    graph = _Graph()
    unsigned = schema.TensorType.UINT8
    pixels = graph.tensor([1, 4, 4, 3], 1.0, kind=unsigned, zero_point=0)
    value = graph.tensor([1, 4, 4, 3], 1.0, zero_point=-128)
    graph.operator(schema.BuiltinOperator.QUANTIZE, [pixels], [value])
    weights = np.full([2, 4, 4, 3], 100, np.int8)
    weights[1 if swapped else 0] = -100
    logits = graph.convolution(
        value,
        weights,
        # The middle of 0..255 over 48 values becomes 0.
        np.array([-100, 100] if swapped else [100, -100], np.int32) * 48 * 128,
        padding=schema.Padding.VALID,
        scale=200.0,
    )
    scores = graph.tensor([1, 2], 200.0)
    graph.operator(
        schema.BuiltinOperator.RESHAPE,
        [logits, graph.constant(np.array([1, 2], np.int32))],
        [scores],
    )
    graph.body.inputs, graph.body.outputs = [pixels], [scores]
    return graph.packed()


class _Graph:
    def __init__(self) -> None:
        self.model = schema.ModelT()
        self.model.version = 3
        self.model.buffers = [schema.BufferT()]
        self.model.operatorCodes = []
        self.body = schema.SubGraphT()
        self.body.tensors, self.body.operators = [], []

    def constant(self, data: Any) -> int:
        index = self.tensor(list(data.shape), 0.0, data, schema.TensorType.INT32)
        self.body.tensors[index].quantization = None
        return index

    def tensor(
        self,
        shape: list[int],
        scale: float,
        data: Any = None,
        kind: int = schema.TensorType.INT8,
        *,
        zero_point: int = 0,
    ) -> int:
        tensor = schema.TensorT()
        tensor.shape, tensor.type, tensor.buffer = shape, kind, 0
        tensor.name = f"t{len(self.body.tensors)}"
        tensor.quantization = schema.QuantizationParametersT()
        tensor.quantization.scale, tensor.quantization.zeroPoint = [scale], [zero_point]
        if data is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(data.tobytes(), np.uint8)
            self.model.buffers.append(buffer)
            tensor.buffer = len(self.model.buffers) - 1
        self.body.tensors.append(tensor)
        return len(self.body.tensors) - 1

    def operator(
        self, code: int, inputs: list[int], outputs: list[int], options: Any = None, kind: int = 0
    ) -> None:
        known = [entry.builtinCode for entry in self.model.operatorCodes]
        if code not in known:
            entry = schema.OperatorCodeT()
            entry.builtinCode, entry.deprecatedBuiltinCode = code, code
            # int8 convolutions came with version 3.
            entry.version = 3 if code == schema.BuiltinOperator.CONV_2D else 1
            self.model.operatorCodes.append(entry)
            known.append(code)
        operator = schema.OperatorT()
        operator.opcodeIndex = known.index(code)
        operator.inputs, operator.outputs = inputs, outputs
        operator.builtinOptions, operator.builtinOptionsType = options, kind
        self.body.operators.append(operator)

    def convolution(
        self,
        value: int,
        weights: Any,
        bias: Any,
        *,
        padding: int = schema.Padding.SAME,
        scale: float = 0.02,
    ) -> int:
        out, window, _, _ = weights.shape
        _, side, _, _ = self.body.tensors[value].shape
        if padding == schema.Padding.VALID:
            side -= window - 1
        unit = self.body.tensors[value].quantization.scale[0]
        inputs = [
            value,
            self.tensor(list(weights.shape), 0.01, weights),
            self.tensor([out], 0.01 * unit, bias, schema.TensorType.INT32),
        ]
        options = schema.Conv2DOptionsT()
        options.strideW = options.strideH = 1
        options.padding = padding
        made = self.tensor([1, side, side, out], scale)
        self.operator(
            schema.BuiltinOperator.CONV_2D,
            inputs,
            [made],
            options,
            schema.BuiltinOptions.Conv2DOptions,
        )
        return made

    def packed(self) -> bytes:
        self.model.subgraphs = [self.body]
        builder = flatbuffers.Builder(1024)
        builder.Finish(self.model.Pack(builder), file_identifier=b"TFL3")
        return bytes(builder.Output())
