"""Names and numbers of the TFLite schema, and the one way to its generated classes.

The reader needs the names and numbers and nothing installed. Editing needs the classes that
ai-edge-litert brings: `schema.AddOptionsT()` finds them, and loads them on first use, so that what
may edit can be imported where they are missing (a board with tflite-runtime).

Source: tensorflow/lite/schema/schema.fbs (enum TensorType, and the order of the fields of each
table, which is their slot).
"""

from functools import cache
from importlib import import_module
from typing import Any

from edgevision.errors import MissingDependencyError

IDENTIFIER = b"TFL3"
"""Bytes 4 to 8 of every `.tflite`."""

ALIGNMENT = 16
"""Bytes; the schema asks it of every buffer (`force_align: 16`), kernels load vectors from them."""

_TENSOR_TYPES = """
float32 float16 int32 uint8 int64 string bool int16 complex64 int8 float64 complex128 uint64
resource variant uint32 uint16 int4 bfloat16 int2 uint4 float8_e4m3fn float8_e5m2
"""

TENSOR_TYPES: tuple[str, ...] = tuple(_TENSOR_TYPES.split())
"""Element types by code."""

BYTES_PER_ELEMENT = {
    "float32": 4.0,
    "float16": 2.0,
    "bfloat16": 2.0,
    "float64": 8.0,
    "int2": 0.25,
    "int4": 0.5,
    "uint4": 0.5,
    "int8": 1.0,
    "uint8": 1.0,
    "bool": 1.0,
    "int16": 2.0,
    "uint16": 2.0,
    "int32": 4.0,
    "uint32": 4.0,
    "int64": 8.0,
    "uint64": 8.0,
}
"""Size of one element; types missing here (strings, resources) have no fixed size."""


class Slot:
    """Slots of the fields, by table."""

    MODEL_OPERATOR_CODES, MODEL_SUBGRAPHS, MODEL_DESCRIPTION, MODEL_BUFFERS = 1, 2, 3, 4
    MODEL_METADATA, MODEL_SIGNATURES = 6, 7
    CODE_DEPRECATED, CODE_CUSTOM, CODE_VERSION, CODE_BUILTIN = 0, 1, 2, 3
    GRAPH_TENSORS, GRAPH_INPUTS, GRAPH_OUTPUTS, GRAPH_OPERATORS = 0, 1, 2, 3
    TENSOR_SHAPE, TENSOR_TYPE, TENSOR_BUFFER, TENSOR_NAME, TENSOR_QUANTIZATION = 0, 1, 2, 3, 4
    TENSOR_SHAPE_SIGNATURE = 7
    QUANT_SCALE, QUANT_ZERO_POINT, QUANT_AXIS = 2, 3, 6
    OP_CODE, OP_INPUTS, OP_OUTPUTS, OP_OPTIONS = 0, 1, 2, 4
    BUFFER_DATA, BUFFER_OFFSET, BUFFER_SIZE = 0, 1, 2
    METADATA_NAME, METADATA_BUFFER = 0, 1


def __getattr__(name: str) -> Any:
    """The generated class or function `name`: `schema.TensorT`, `schema.BuiltinOptions`, ...

    Raises:
        MissingDependencyError: ai-edge-litert is not installed.
    """
    if name.startswith("__"):
        raise AttributeError(name)
    return getattr(_library("ai_edge_litert.schema_py_generated"), name)


def new_builder(size_bytes: int) -> Any:
    """A `flatbuffers.Builder` with room for `size_bytes`; it grows by itself.

    Raises:
        MissingDependencyError: flatbuffers, which ai-edge-litert brings, is not installed.
    """
    return _library("flatbuffers").Builder(size_bytes)


@cache
def _library(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        message = f"editing a .tflite needs ai-edge-litert, and {error.name} is not installed"
        raise MissingDependencyError(message, hint="pip install ai-edge-litert") from error
