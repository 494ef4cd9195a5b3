"""Small image classifiers as `.tflite` bytes, made without any converter.

32 x 32 RGB -> CONV_2D (3x3, stride 2, 8 filters, relu) -> MEAN -> FULLY_CONNECTED (5) -> SOFTMAX.
The integer one takes uint8 pixels and gives float scores, as our default build does.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

SIDE, FILTERS, CLASSES = 32, 8, 5
MULTIPLY_ADDS = 16 * 16 * FILTERS * 3 * 3 * 3 + FILTERS * CLASSES
PARAMETERS = FILTERS * 27 + FILTERS + CLASSES * FILTERS + CLASSES
LABELS = ("ant", "bee", "cat", "dog", "emu")

Build = Literal["float32", "uint8", "dynamic", "fp16"]

_TYPES = {
    "float32": schema.TensorType.FLOAT32,
    "float16": schema.TensorType.FLOAT16,
    "int32": schema.TensorType.INT32,
    "uint8": schema.TensorType.UINT8,
    "int8": schema.TensorType.INT8,
}


@dataclass
class Graph:
    """A graph under construction."""

    tensors: list[Any] = field(default_factory=list)
    operators: list[Any] = field(default_factory=list)
    codes: list[Any] = field(default_factory=list)
    buffers: list[Any] = field(default_factory=lambda: [schema.BufferT()])

    def tensor(
        self,
        name: str,
        shape: tuple[int, ...],
        dtype: str,
        scales: Any = (),
        zero_point: int = 0,
        *,
        data: NDArray[Any] | None = None,
    ) -> int:
        tensor = schema.TensorT()
        tensor.name, tensor.shape, tensor.type = name, list(shape), _TYPES[dtype]
        if len(scales):
            quantization = schema.QuantizationParametersT()
            quantization.scale = np.asarray(scales, np.float32)
            quantization.zeroPoint = np.full(len(scales), zero_point, np.int64)
            tensor.quantization = quantization
        if data is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(np.ascontiguousarray(data).tobytes(), np.uint8)
            tensor.buffer = len(self.buffers)
            self.buffers.append(buffer)
        self.tensors.append(tensor)
        return len(self.tensors) - 1

    def operator(
        self,
        name: str,
        inputs: list[int],
        output: int,
        *,
        version: int = 1,
        options: tuple[int, Any] | None = None,
    ) -> int:
        code = schema.OperatorCodeT()
        code.builtinCode = getattr(schema.BuiltinOperator, name)
        code.deprecatedBuiltinCode = min(127, code.builtinCode)
        code.version = version
        operator = schema.OperatorT()
        operator.opcodeIndex, operator.inputs, operator.outputs = len(self.codes), inputs, [output]
        if options:
            operator.builtinOptionsType, operator.builtinOptions = options
        self.codes.append(code)
        self.operators.append(operator)
        return output

    def finish(self, inputs: list[int], outputs: list[int]) -> bytes:
        subgraph = schema.SubGraphT()
        subgraph.tensors, subgraph.operators = self.tensors, self.operators
        subgraph.inputs, subgraph.outputs = inputs, outputs
        model = schema.ModelT()
        model.version, model.description = 3, "made for a test"
        model.operatorCodes, model.subgraphs, model.buffers = self.codes, [subgraph], self.buffers
        return pack(model)


def pack(model: Any) -> bytes:
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def unpack(content: bytes) -> Any:
    return schema.ModelT.InitFromPackedBuf(content, 0)


def classifier(build: Build = "float32", *, seed: int = 0) -> bytes:
    """A runnable model; equal weights for equal seeds, whatever the build."""
    random = np.random.default_rng(seed)
    filters = random.normal(0, 1, (FILTERS, 3, 3, 3)).astype(np.float32)
    bias = random.normal(0, 0.1, FILTERS).astype(np.float32)
    matrix = random.normal(0, 0.7, (CLASSES, FILTERS)).astype(np.float32)
    offset = np.zeros(CLASSES, np.float32)
    if build == "uint8":
        return _integer(filters, bias, matrix, offset)
    graph = Graph()
    image = graph.tensor("image", (1, SIDE, SIDE, 3), "float32")
    constants = [
        _constant(graph, name, values, build)
        for name, values in (
            ("filters", filters),
            ("bias", bias),
            ("matrix", matrix),
            ("offset", offset),
        )
    ]
    version = 5 if build == "dynamic" else 1
    conv = graph.operator(
        "CONV_2D",
        [image, constants[0], constants[1]],
        graph.tensor("net/relu/Relu;net/conv/convolution1", (1, 16, 16, FILTERS), "float32"),
        version=version,
        options=_convolution(),
    )
    mean = _mean(graph, conv, graph.tensor("net/pool/Mean", (1, FILTERS), "float32"))
    logits = graph.operator(
        "FULLY_CONNECTED",
        [mean, constants[2], constants[3]],
        graph.tensor("net/dense/MatMul", (1, CLASSES), "float32"),
        version=9 if build == "dynamic" else 1,
        options=_plain("FullyConnectedOptions"),
    )
    scores = graph.tensor("scores", (1, CLASSES), "float32")
    graph.operator("SOFTMAX", [logits], scores, options=_softmax())
    return graph.finish([image], [scores])


def _integer(filters: Any, bias: Any, matrix: Any, offset: Any) -> bytes:
    graph = Graph()
    scale = 1 / 127.5
    image = graph.tensor("image", (1, SIDE, SIDE, 3), "uint8", [scale], 128)
    shifted = graph.operator(
        "QUANTIZE", [image], graph.tensor("shifted", (1, SIDE, SIDE, 3), "int8", [scale], 0)
    )
    filter_scales = np.abs(filters).max(axis=(1, 2, 3)) / 127
    matrix_scale = np.abs(matrix).max() / 127
    steps, logit_step = 12 / 255, 20 / 255
    stored_filters = np.rint(filters / filter_scales[:, None, None, None]).astype(np.int8)
    conv = graph.operator(
        "CONV_2D",
        [
            shifted,
            graph.tensor("filters", filters.shape, "int8", filter_scales, data=stored_filters),
            graph.tensor(
                "bias",
                bias.shape,
                "int32",
                filter_scales * scale,
                data=np.rint(bias / (filter_scales * scale)).astype(np.int32),
            ),
        ],
        graph.tensor(
            "net/relu/Relu;net/conv/convolution1", (1, 16, 16, FILTERS), "int8", [steps], -128
        ),
        version=3,
        options=_convolution(),
    )
    pooled = graph.tensor("net/pool/Mean", (1, FILTERS), "int8", [steps], -128)
    mean = _mean(graph, conv, pooled, version=2)
    stored_matrix = np.rint(matrix / matrix_scale).astype(np.int8)
    logits = graph.operator(
        "FULLY_CONNECTED",
        [
            mean,
            graph.tensor("matrix", matrix.shape, "int8", [matrix_scale], data=stored_matrix),
            graph.tensor(
                "offset",
                offset.shape,
                "int32",
                [matrix_scale * steps],
                data=np.zeros(CLASSES, np.int32),
            ),
        ],
        graph.tensor("net/dense/MatMul", (1, CLASSES), "int8", [logit_step], 0),
        version=4,
        options=_plain("FullyConnectedOptions"),
    )
    soft = graph.operator(
        "SOFTMAX",
        [logits],
        graph.tensor("soft", (1, CLASSES), "int8", [1 / 256], -128),
        version=2,
        options=_softmax(),
    )
    scores = graph.tensor("scores", (1, CLASSES), "float32")
    graph.operator("DEQUANTIZE", [soft], scores, version=2)
    return graph.finish([image], [scores])


def _constant(graph: Graph, name: str, values: Any, build: Build) -> int:
    if build == "fp16":
        half = graph.tensor(f"{name}_half", values.shape, "float16", data=values.astype(np.float16))
        return graph.operator(
            "DEQUANTIZE", [half], graph.tensor(name, values.shape, "float32"), version=3
        )
    if build == "dynamic" and values.ndim > 1:
        per_channel = values.reshape(len(values), -1)
        scales = np.abs(per_channel).max(axis=1) / 127
        stored = np.rint(per_channel / scales[:, None]).astype(np.int8).reshape(values.shape)
        return graph.tensor(name, values.shape, "int8", scales, data=stored)
    return graph.tensor(name, values.shape, "float32", data=values)


def _mean(graph: Graph, source: int, output: int, *, version: int = 1) -> int:
    axes = graph.tensor("axes", (2,), "int32", data=np.array([1, 2], np.int32))
    return graph.operator(
        "MEAN", [source, axes], output, version=version, options=_plain("ReducerOptions")
    )


def _convolution() -> tuple[int, Any]:
    kind, options = _plain("Conv2DOptions")
    options.padding, options.strideW, options.strideH = schema.Padding.SAME, 2, 2
    options.fusedActivationFunction = schema.ActivationFunctionType.RELU
    return kind, options


def _softmax() -> tuple[int, Any]:
    kind, options = _plain("SoftmaxOptions")
    options.beta = 1.0
    return kind, options


def _plain(name: str) -> tuple[int, Any]:
    return getattr(schema.BuiltinOptions, name), getattr(schema, f"{name}T")()
