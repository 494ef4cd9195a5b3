"""A small int8 classifier built by our own code: no TensorFlow, no file of anyone else's.

32 x 24 RGB -> conv 3x3 stride 2, 8 filters -> dense, 10 classes -> softmax. The weights are drawn
by a plain generator, so the file is the same everywhere.
`python -m tests.android.tiny_model FOLDER` writes it with its card, with three kinds of ends.
"""

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import ai_edge_litert.schema_py_generated as schema
import flatbuffers
import numpy as np

from edgevision.card.card import Card
from edgevision.card.write import write_card
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.tasks.spec import TaskSpec
from edgevision.tflite.facts import interface_of
from edgevision.tflite.read import read_model

WIDTH, HEIGHT, FILTERS, CLASSES = 32, 24, 8, 10
LABELS = tuple(f"class {index}" for index in range(CLASSES))

Edge = Literal["uint8", "int8", "float32"]
"""Type of an end of the graph; int8 needs no conversion."""

_TYPES = {
    "float32": schema.TensorType.FLOAT32,
    "int8": schema.TensorType.INT8,
    "uint8": schema.TensorType.UINT8,
    "int32": schema.TensorType.INT32,
}
_CODES = schema.BuiltinOperator


@dataclass(frozen=True, slots=True, kw_only=True)
class Edges:
    """How the model meets the world."""

    input: Edge = "uint8"
    output: Edge = "float32"
    batch: int = 1
    """-1 writes a shape signature with an open batch."""
    conv_version: int = 3


def tiny_preprocessing() -> ImagePreprocessing:
    """A crop and a normalization that are not the identity."""
    return ImagePreprocessing(
        width=WIDTH, height=HEIGHT, fit="center-crop", mean=(127.5,), std=(127.5,)
    )


def tiny_card(content: bytes) -> Card:
    """The card of what `tiny_model` built."""
    inputs, outputs = interface_of(read_model(content))
    return Card(
        name="tiny",
        preprocessing=tiny_preprocessing(),
        task=TaskSpec(kind="classification", labels=LABELS, activations=("softmax",)),
        precision="int8",
        inputs=inputs,
        outputs=outputs,
    )


def tiny_model(edges: Edges | None = None) -> bytes:
    """The `.tflite`, without a card."""
    return _Builder(edges or Edges()).build()


class _Builder:
    def __init__(self, edges: Edges) -> None:
        self.edges = edges
        self.model: Any = schema.ModelT()
        self.graph: Any = schema.SubGraphT()
        self.model.version = 3
        self.model.description = b"tests.android.tiny_model"
        self.model.buffers = [schema.BufferT()]
        self.model.operatorCodes, self.graph.tensors, self.graph.operators = [], [], []
        self.random = np.random.RandomState(7)  # its stream is frozen for good

    def build(self) -> bytes:
        edges = self.edges
        image = (1, HEIGHT, WIDTH, 3)
        pixel = (2 / 255, -1)
        share = (1 / 256, -128)
        inside = self.tensor("image_int8", image, "int8", *pixel)
        first = inside
        if edges.input == "uint8":
            first = self.tensor("image", image, "uint8", pixel[0], pixel[1] + 128)
            self.operator(_CODES.QUANTIZE, 2, [first], [inside])
        elif edges.input == "float32":
            first = self.tensor("image", image, "float32")
            self.operator(_CODES.QUANTIZE, 1, [first], [inside])
        features = self.convolution(inside, pixel)
        logits = self.dense(features)
        scores = self.tensor("scores_int8", (1, CLASSES), "int8", *share)
        options = schema.SoftmaxOptionsT()
        options.beta = 1.0
        self.operator(_CODES.SOFTMAX, 2, [logits], [scores], options=options)
        last = scores
        if edges.output == "float32":
            last = self.tensor("scores", (1, CLASSES), "float32")
            self.operator(_CODES.DEQUANTIZE, 2, [scores], [last])
        elif edges.output == "uint8":
            last = self.tensor("scores", (1, CLASSES), "uint8", share[0], share[1] + 128)
            self.operator(_CODES.QUANTIZE, 2, [scores], [last])
        self.graph.inputs = np.array([first], np.int32)
        self.graph.outputs = np.array([last], np.int32)
        self.model.subgraphs = [self.graph]
        builder = flatbuffers.Builder(1 << 16)
        builder.Finish(self.model.Pack(builder), b"TFL3")
        return bytes(builder.Output())

    def convolution(self, image: int, pixel: tuple[float, int]) -> int:
        weights = self.random.randint(-127, 128, (FILTERS, 3, 3, 3)).astype(np.int8)
        scales = (0.004 + 0.001 * np.arange(FILTERS)).astype(np.float32)
        kernel = self.constant("kernel", weights, scales)
        bias = self.constant(
            "bias",
            self.random.randint(-2000, 2000, FILTERS).astype(np.int32),
            scales * np.float32(pixel[0]),
        )
        shape = (1, HEIGHT // 2, WIDTH // 2, FILTERS)
        out = self.tensor("features", shape, "int8", 4 / 255, -128)
        options = schema.Conv2DOptionsT()
        options.padding = schema.Padding.SAME
        options.strideW = options.strideH = 2
        options.dilationWFactor = options.dilationHFactor = 1
        options.fusedActivationFunction = schema.ActivationFunctionType.RELU
        version = self.edges.conv_version
        self.operator(_CODES.CONV_2D, version, [image, kernel, bias], [out], options=options)
        return out

    def dense(self, features: int) -> int:
        size = HEIGHT // 2 * (WIDTH // 2) * FILTERS
        weights = self.random.randint(-127, 128, (CLASSES, size)).astype(np.int8)
        kernel = self.constant("dense", weights, np.array([0.001], np.float32))
        bias = self.constant(
            "dense_bias", np.zeros(CLASSES, np.int32), np.array([0.001 * 4 / 255], np.float32)
        )
        out = self.tensor("logits", (1, CLASSES), "int8", 0.06, 0)
        options = schema.FullyConnectedOptionsT()
        inputs = [features, kernel, bias]
        self.operator(_CODES.FULLY_CONNECTED, 4, inputs, [out], options=options)
        return out

    def tensor(
        self,
        name: str,
        shape: tuple[int, ...],
        dtype: str,
        scale: float | None = None,
        zero_point: int = 0,
    ) -> int:
        tensor = schema.TensorT()
        tensor.name, tensor.type, tensor.buffer = name.encode(), _TYPES[dtype], 0
        tensor.shape = np.array(shape, np.int32)
        if self.edges.batch < 0:
            tensor.shapeSignature = np.array((-1, *shape[1:]), np.int32)
        if scale is not None:
            tensor.quantization = schema.QuantizationParametersT()
            tensor.quantization.scale = np.array([scale], np.float32)
            tensor.quantization.zeroPoint = np.array([zero_point], np.int64)
        self.graph.tensors.append(tensor)
        return len(self.graph.tensors) - 1

    def constant(self, name: str, values: Any, scales: Any) -> int:
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(values.tobytes(), np.uint8)
        self.model.buffers.append(buffer)
        index = self.tensor(name, values.shape, str(values.dtype))
        tensor = self.graph.tensors[index]
        tensor.buffer, tensor.shapeSignature = len(self.model.buffers) - 1, None
        tensor.quantization = schema.QuantizationParametersT()
        tensor.quantization.scale = np.asarray(scales, np.float32)
        tensor.quantization.zeroPoint = np.zeros(len(scales), np.int64)
        return index

    def operator(
        self,
        code: int,
        version: int,
        inputs: list[int],
        outputs: list[int],
        *,
        options: Any = None,
    ) -> None:
        entry = schema.OperatorCodeT()
        entry.builtinCode, entry.deprecatedBuiltinCode = code, min(code, 127)
        entry.version = version
        self.model.operatorCodes.append(entry)
        operator = schema.OperatorT()
        operator.opcodeIndex = len(self.model.operatorCodes) - 1
        operator.inputs, operator.outputs = np.array(inputs, np.int32), np.array(outputs, np.int32)
        if options is not None:
            kind = type(options).__name__.removesuffix("T")
            operator.builtinOptionsType = getattr(schema.BuiltinOptions, kind)
            operator.builtinOptions = options
        self.graph.operators.append(operator)


VARIANTS = {
    "tiny_uint8_float32": Edges(),
    "tiny_int8_int8": Edges(input="int8", output="int8"),
    "tiny_float32_uint8": Edges(input="float32", output="uint8"),
}
"""One of each kind that the app meets, by file name; uint8 ends are rewritten on export."""


def write_variants(folder: Path) -> None:
    """Write all `VARIANTS` with their cards into `folder`."""
    for name, edges in VARIANTS.items():
        made = tiny_model(edges)
        card = replace(tiny_card(made), name=name)
        (folder / f"{name}.tflite").write_bytes(write_card(made, card))


if __name__ == "__main__":
    write_variants(Path(sys.argv[1]))
