"""The oldest TFLite runtime that knows every operation of a file, in the version it uses.

A converter writes its own answer into the file ("min_runtime_version"), but tools that rewrite the
file afterwards keep the old answer; so the operations are looked up too, and the newer one holds.

Source: tensorflow/compiler/mlir/lite/tools/versioning/runtime_version.cc, for the operations that
image models use.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from edgevision.tflite.view import TfliteModel

ENTRY = "min_runtime_version"

_SINCE: Mapping[str, str] = MappingProxyType(
    {
        "ADD": "1.5 1.14 2.4 2.6 2.13 2.23",
        "ARG_MAX": "1.9 1.14 2.9",
        "AVERAGE_POOL_2D": "1.5 1.14 2.3",
        "BATCH_MATMUL": "2.3 2.3 2.4 2.5",
        "BATCH_TO_SPACE_ND": "1.6 1.14 2.3 2.12",
        "CAST": "1.5 2.7 2.8 2.9 2.12 2.15 2.17 2.21",
        "CONCATENATION": "1.5 1.14 2.3 2.14 2.21",
        "CONV_2D": "1.5 1.14 1.14 2.3 2.4 2.9 2.11 2.15",
        "DEPTHWISE_CONV_2D": "1.5 1.12 1.14 2.2 2.3 2.3 2.11",
        "DEPTH_TO_SPACE": "2.1 2.5",
        "DEQUANTIZE": "1.13.1 1.14 1.15 2.2 2.7",
        "DIV": "1.6 2.3",
        "ELU": "1.14",
        "EXP": "1.7",
        "EXPAND_DIMS": "1.10",
        "FULLY_CONNECTED": "1.5 1.10 1.14 1.14 2.0 2.1 2.3 2.3 2.3 2.11 2.15 2.17 2.18 2.21",
        "GATHER": "1.6 1.14 1.15 2.4 2.5 2.13 2.15",
        "GELU": "2.9 2.9",
        "HARD_SWISH": "1.15",
        "L2_NORMALIZATION": "1.5 1.14",
        "LEAKY_RELU": "1.13.1 2.3",
        "LOGISTIC": "1.14 1.14 2.3",
        "LOG_SOFTMAX": "1.14 1.14",
        "MAXIMUM": "1.14 1.14 2.3 2.3",
        "MAX_POOL_2D": "1.5 1.14 2.3",
        "MEAN": "1.6 1.14 2.4",
        "MINIMUM": "1.14 1.14 2.3 2.3",
        "MIRROR_PAD": "1.13.1 2.3",
        "MUL": "1.5 1.14 1.15 2.3 2.6 2.11 2.13 2.23",
        "NEG": "1.9",
        "PACK": "1.11 1.14 2.3",
        "PAD": "1.5 1.14 2.4 2.6 2.20",
        "PADV2": "1.9 1.14 2.4 2.6 2.20",
        "POW": "1.10",
        "PRELU": "1.8",
        "QUANTIZE": "1.14 1.15 2.7",
        "REDUCE_MAX": "1.11 1.14 2.5",
        "REDUCE_MIN": "1.11 1.14 2.5",
        "RELU": "1.5 2.1 2.5",
        "RELU6": "1.5 1.14 2.5",
        "RELU_0_TO_1": "2.10",
        "RELU_N1_TO_1": "1.5",
        "RESHAPE": "1.5",
        "RESIZE_BILINEAR": "1.7 1.14 2.2 2.5",
        "RESIZE_NEAREST_NEIGHBOR": "1.13.1 1.14 2.3 2.4",
        "RSQRT": "1.10 2.5",
        "SHAPE": "1.10",
        "SLICE": "1.14 1.14 1.14 2.4 2.5",
        "SOFTMAX": "1.5 1.14 2.3",
        "SPACE_TO_BATCH_ND": "1.6 1.14 2.3 2.12",
        "SPACE_TO_DEPTH": "1.5 1.14",
        "SPLIT": "1.5 1.14 1.14 2.3",
        "SPLIT_V": "1.13.1 2.3",
        "SQRT": "1.10",
        "SQUARE": "1.12",
        "SQUARED_DIFFERENCE": "1.13.1 2.5",
        "SQUEEZE": "1.6 2.5",
        "STRIDED_SLICE": "1.6 1.14 2.1 2.2 2.5 2.6 2.14 2.14",
        "SUB": "1.6 1.14 2.3 2.4 2.4",
        "SUM": "1.10 1.15",
        "TANH": "1.14 1.14 2.3",
        "TILE": "1.10.1 2.2 2.8",
        "TRANSPOSE": "1.6 1.14 1.15 2.3 2.4 2.12 2.14.4 2.22",
        "TRANSPOSE_CONV": "1.9 2.2 2.3 2.13 2.15",
        "UNPACK": "1.11 1.14 2.2 2.3",
    }
)
"""Operation -> runtime version that brought its version 1, 2, 3, ..."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeNeed:
    """What runtime a file needs."""

    version: str
    """ "2.3"; empty when neither the file nor our table says anything."""
    because: str
    """What needs it: "CONV_2D version 4", or "as the file says"."""
    unknown: tuple[str, ...]
    """Operations that our table does not know, "FULLY_CONNECTED version 99": perhaps newer."""


def runtime_need(model: TfliteModel) -> RuntimeNeed:
    """The smallest runtime version for `model`; custom operations are left out of it."""
    declared = model.metadata.get(ENTRY, b"").rstrip(b"\0").decode("ascii", "replace")
    version, because = (declared, "as the file says") if _parts(declared) else ("", "")
    unknown = set()
    uses = {(op.name, op.version) for op in model.operators if not op.is_custom}
    for name, number in sorted(uses):
        since = _SINCE.get(name, "").split()
        if not 1 <= number <= len(since):
            unknown.add(f"{name} version {number}")
        elif _parts(since[number - 1]) > _parts(version):
            version, because = since[number - 1], f"{name} version {number}"
    return RuntimeNeed(version=version, because=because, unknown=tuple(sorted(unknown)))


def _parts(version: str) -> tuple[int, ...]:
    """The numbers of "2.14.4", (2, 14, 4); empty for what is no version. "2.3.0" equals "2.3"."""
    pieces = version.split(".")
    if not all(piece.isascii() and piece.isdigit() and len(piece) < 6 for piece in pieces):
        return ()
    numbers = [int(piece) for piece in pieces]
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)
