"""Small float models written by hand, so that tests need no TensorFlow."""

from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

from edgevision.runtime.session import Session
from edgevision.tflite.graph import Graph, Operator, Tensor
from edgevision.tflite.serialize import serialize

RELU, RELU6 = schema.ActivationFunctionType.RELU, schema.ActivationFunctionType.RELU6


class Builder:
    """Grows a graph layer by layer; every method returns the index of what it made."""

    def __init__(self, *input_shapes: tuple[int, ...]) -> None:
        file = schema.ModelT()
        file.version = 3
        file.operatorCodes = []
        file.buffers = [schema.BufferT()]
        file.description = b"test"
        subgraph = schema.SubGraphT()
        subgraph.inputs, subgraph.outputs = [], []
        file.subgraphs = [subgraph]
        self.graph = Graph(tensors=[], operators=[], inputs=[], outputs=[], file=file)
        for at, shape in enumerate(input_shapes):
            self.graph.inputs.append(self.activation(f"input_{at}", shape))

    def activation(self, name: str, shape: tuple[int, ...]) -> int:
        return self.graph.add_tensor(Tensor(name=name, shape=shape, dtype=np.dtype(np.float32)))

    def constant(self, name: str, values: Any) -> int:
        array = np.asarray(values)
        if array.dtype.kind == "f":
            array = array.astype(np.float32)
        return self.graph.add_constant(name, array)

    def op(self, name: str, inputs: list[int], shape: tuple[int, ...], options: Any = None) -> int:
        output = self.activation(f"{name.lower()}_{len(self.graph.operators)}", shape)
        kind = 0
        if options is not None:
            label = type(options).__name__.removesuffix("T")
            kind = getattr(schema.BuiltinOptions, label)
        self.graph.operators.append(
            Operator(
                name=name,
                inputs=inputs,
                outputs=[output],
                options_type=kind,
                options=options,
                id=len(self.graph.operators),  # As when it is read from a file.
            )
        )
        return output

    def conv(
        self,
        x: int,
        weights: NDArray[np.floating],
        bias: NDArray[np.floating] | None,
        *,
        stride: int = 1,
        same: bool = True,
        activation: int = 0,
        depthwise: bool = False,
    ) -> int:
        options = schema.DepthwiseConv2DOptionsT() if depthwise else schema.Conv2DOptionsT()
        options.padding = schema.Padding.SAME if same else schema.Padding.VALID
        options.strideH = options.strideW = stride
        options.dilationHFactor = options.dilationWFactor = 1
        options.fusedActivationFunction = activation
        if depthwise:
            options.depthMultiplier = weights.shape[3] // self.graph.tensors[x].shape[3]
        _, height, width, _ = self.graph.tensors[x].shape
        taps = weights.shape[1]
        sides = [-(-s // stride) if same else (s - taps) // stride + 1 for s in (height, width)]
        channels = weights.shape[3] if depthwise else weights.shape[0]
        at = len(self.graph.operators)
        # LiteRT's convolution refuses to be without one.
        bias = np.zeros(channels) if bias is None else bias
        inputs = [x, self.constant(f"w{at}", weights), self.constant(f"b{at}", bias)]
        name = "DEPTHWISE_CONV_2D" if depthwise else "CONV_2D"
        return self.op(name, inputs, (1, *sides, channels), options)

    def dense(
        self, x: int, weights: NDArray[np.floating], bias: NDArray[np.floating] | None = None
    ) -> int:
        options = schema.FullyConnectedOptionsT()
        at = len(self.graph.operators)
        inputs = [x, self.constant(f"w{at}", weights)]
        if bias is not None:
            inputs.append(self.constant(f"b{at}", bias))
        return self.op("FULLY_CONNECTED", inputs, (1, weights.shape[0]), options)

    def reshape(self, x: int, shape: tuple[int, ...]) -> int:
        target = self.constant(f"shape{len(self.graph.operators)}", np.asarray(shape, np.int32))
        return self.op("RESHAPE", [x, target], shape, schema.ReshapeOptionsT())

    def mean(self, x: int) -> int:
        shape = self.graph.tensors[x].shape
        axes = self.constant(f"axes{len(self.graph.operators)}", np.asarray([1, 2], np.int32))
        return self.op("MEAN", [x, axes], (1, shape[3]), schema.ReducerOptionsT())

    def binary(self, name: str, a: int, b: int) -> int:
        options = getattr(schema, f"{name.title()}OptionsT")()
        return self.op(name, [a, b], self.graph.tensors[a].shape, options)

    def softmax(self, x: int) -> int:
        options = schema.SoftmaxOptionsT()
        options.beta = 1.0
        return self.op("SOFTMAX", [x], self.graph.tensors[x].shape, options)

    def concat(self, *parts: int, axis: int = 3) -> int:
        options = schema.ConcatenationOptionsT()
        options.axis = axis
        shape = list(self.graph.tensors[parts[0]].shape)
        shape[axis] = sum(self.graph.tensors[p].shape[axis] for p in parts)
        return self.op("CONCATENATION", list(parts), tuple(shape), options)

    def finish(self, *outputs: int) -> Graph:
        self.graph.outputs = list(outputs)
        subgraph = self.graph.file.subgraphs[0]
        subgraph.inputs, subgraph.outputs = list(self.graph.inputs), list(self.graph.outputs)
        return self.graph


def run(model: Graph | bytes, *values: NDArray[Any]) -> tuple[NDArray[Any], ...]:
    """Outputs of the model, as real numbers."""
    content = model if isinstance(model, bytes) else serialize(model)
    with Session(content) as session:
        outputs = session.run(*values)
        return tuple(
            spec.to_real(value) for spec, value in zip(session.outputs, outputs, strict=True)
        )


def small_cnn(seed: int = 0, *, side: int = 12, channels: int = 3, classes: int = 5) -> Graph:
    """conv - inverted residual block - mean - dense - softmax, with random weights."""
    rng = np.random.default_rng(seed)

    def weights(*shape: int) -> NDArray[np.float64]:
        return rng.normal(0, 1 / np.sqrt(np.prod(shape[1:])), shape)

    b = Builder((1, side, side, channels))
    x = b.conv(
        b.graph.inputs[0], weights(8, 3, 3, channels), rng.normal(0, 0.1, 8), activation=RELU6
    )
    y = b.conv(x, weights(8, 1, 1, 8), rng.normal(0, 0.1, 8), activation=RELU6)
    y = b.conv(y, 3 * weights(1, 3, 3, 8), rng.normal(0, 0.1, 8), depthwise=True, activation=RELU6)
    y = b.conv(y, weights(8, 1, 1, 8), rng.normal(0, 0.1, 8))
    x = b.binary("ADD", x, y)
    x = b.dense(b.mean(x), 4 * weights(classes, 8), rng.normal(0, 0.1, classes))
    return b.finish(b.softmax(x))


def random_images(
    count: int, seed: int = 1, *, side: int = 12, channels: int = 3
) -> list[NDArray[np.uint8]]:
    """Smooth-ish random pixels."""
    rng = np.random.default_rng(seed)
    base = rng.integers(0, 256, (count, 1, 1, channels))
    noise = rng.integers(-60, 60, (count, side, side, channels))
    return list(np.clip(base + noise, 0, 255).astype(np.uint8))
