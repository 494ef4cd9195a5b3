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
    for _ in range(blocks):
        value = graph.convolution(value, chance, out=channels, window=3)
        swished = graph.tensor([1, side, side, channels], 0.02)
        graph.operator(schema.BuiltinOperator.HARD_SWISH, [value], [swished])
        value = swished
    for _ in range(extra):
        value = graph.convolution(value, chance, out=channels, window=1)
    graph.body.outputs = [value]
    return graph.packed()


class _Graph:
    def __init__(self) -> None:
        self.model = schema.ModelT()
        self.model.version = 3
        self.model.buffers = [schema.BufferT()]
        self.model.operatorCodes = []
        self.body = schema.SubGraphT()
        self.body.tensors, self.body.operators = [], []

    def tensor(
        self, shape: list[int], scale: float, data: Any = None, kind: int = schema.TensorType.INT8
    ) -> int:
        tensor = schema.TensorT()
        tensor.shape, tensor.type, tensor.buffer = shape, kind, 0
        tensor.name = f"t{len(self.body.tensors)}"
        tensor.quantization = schema.QuantizationParametersT()
        tensor.quantization.scale, tensor.quantization.zeroPoint = [scale], [0]
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

    def convolution(self, value: int, chance: np.random.Generator, *, out: int, window: int) -> int:
        _, side, _, depth = self.body.tensors[value].shape
        shape = [out, window, window, depth]
        weights = self.tensor(shape, 0.01, chance.integers(-127, 128, shape).astype(np.int8))
        bias = self.tensor([out], 0.0002, np.zeros(out, np.int32), schema.TensorType.INT32)
        options = schema.Conv2DOptionsT()
        options.strideW = options.strideH = 1
        options.padding = schema.Padding.SAME
        made = self.tensor([1, side, side, out], 0.02)
        self.operator(
            schema.BuiltinOperator.CONV_2D,
            [value, weights, bias],
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
