"""Which TFLite operators have int8 and int16 kernels, and what those kernels ask of the scales.

Source: the kernels of LiteRT 2.3; versions from tensorflow/lite/tools/versioning/op_version.cc.
An operator that is not here stays float; so does one whose kernel refuses the written file.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Scaling = Literal["linear", "same", "fixed", "free"]


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelRule:
    """How one kind of operator is quantized.

    linear: constant weights with a scale per output channel, and a bias in the accumulator's scale.
    same: all float inputs and outputs share one scale. fixed: the kernel prescribes the output's
    scale. free: every tensor has its own.
    """

    scaling: Scaling
    int8_version: int
    int16_version: int = 0
    """0 where no int16 kernel exists."""
    data: int = 0
    """linear: position of the activations among the inputs."""
    weights: int = 1
    bias: int = 2
    channel_axis: int = 0
    """linear: the weights' axis that counts output channels."""
    fixed_scale: float = 0.0
    fixed_zero_point: int = 0


def _same(int8: int = 2, int16: int = 3) -> KernelRule:
    return KernelRule(scaling="same", int8_version=int8, int16_version=int16)


def _free(int8: int = 2, int16: int = 3) -> KernelRule:
    return KernelRule(scaling="free", int8_version=int8, int16_version=int16)


def _fixed(scale: float, zero_point: int, *, int16: int = 0) -> KernelRule:
    return KernelRule(
        scaling="fixed",
        int8_version=2,
        int16_version=int16,
        fixed_scale=scale,
        fixed_zero_point=zero_point,
    )


RULES: Mapping[str, KernelRule] = MappingProxyType(
    {
        "CONV_2D": KernelRule(scaling="linear", int8_version=3, int16_version=4),
        "DEPTHWISE_CONV_2D": KernelRule(
            scaling="linear", int8_version=3, int16_version=5, channel_axis=3
        ),
        "FULLY_CONNECTED": KernelRule(scaling="linear", int8_version=4, int16_version=7),
        "TRANSPOSE_CONV": KernelRule(
            scaling="linear", int8_version=2, int16_version=4, data=2, weights=1, bias=3
        ),
        "SOFTMAX": _fixed(1 / 256, -128, int16=3),
        "LOGISTIC": _fixed(1 / 256, -128, int16=3),
        "TANH": _fixed(1 / 128, 0, int16=3),
        "L2_NORMALIZATION": _fixed(1 / 128, 0),
        "LOG_SOFTMAX": _fixed(16 / 256, 127),
        "RESHAPE": _same(1, 1),
        "SQUEEZE": _same(1, 1),
        "EXPAND_DIMS": _same(1, 1),
        "MAX_POOL_2D": _same(),
        "AVERAGE_POOL_2D": _same(),
        "PAD": _same(),
        "PADV2": _same(2, 3),
        "MIRROR_PAD": _same(2, 3),
        "CONCATENATION": _same(),
        "SPLIT": _same(2, 4),
        "SPLIT_V": _same(2, 0),
        "SLICE": _same(2, 4),
        "STRIDED_SLICE": _same(2, 4),
        "TRANSPOSE": _same(2, 4),
        "GATHER": _same(2, 4),
        "SPACE_TO_DEPTH": _same(2, 0),
        "DEPTH_TO_SPACE": _same(2, 0),
        "SPACE_TO_BATCH_ND": _same(2, 0),
        "BATCH_TO_SPACE_ND": _same(2, 0),
        "RESIZE_BILINEAR": _same(2, 4),
        "RESIZE_NEAREST_NEIGHBOR": _same(2, 4),
        "MAXIMUM": _same(2, 4),
        "MINIMUM": _same(2, 4),
        "REDUCE_MAX": _same(2, 3),
        "REDUCE_MIN": _same(2, 3),
        "PACK": _same(2, 3),
        "UNPACK": _same(2, 4),
        "TILE": _same(2, 3),
        "ADD": _free(2, 3),
        "SUB": _free(3, 5),
        "MUL": _free(2, 4),
        "MEAN": _free(2, 3),
        "SUM": _free(2, 3),
        "RELU": _free(2, 4),
        "RELU6": _free(2, 4),
        "RELU_N1_TO_1": _free(2, 4),
        "LEAKY_RELU": _free(2, 0),
        "PRELU": _free(1, 0),
        "HARD_SWISH": _free(1, 0),
        "ELU": _free(1, 0),
        "GELU": _free(2, 0),
        "SQUARED_DIFFERENCE": _free(2, 0),
        "BATCH_MATMUL": _free(2, 3),
    }
)

LINEAR = frozenset(name for name, rule in RULES.items() if rule.scaling == "linear")
