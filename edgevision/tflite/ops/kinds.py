"""The table of operators: what each reads, how it is quantized, and which kernels it has.

Source: the kernels of LiteRT 2.3; versions from tensorflow/lite/tools/versioning/op_version.cc.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Literal

from edgevision.tflite import ops
from edgevision.tflite.ops import multiply_adds as macs

Scaling = Literal["linear", "same", "fixed", "free"]
"""linear: constant weights with a scale per output channel, and a bias in the accumulator's scale.
same: all float inputs and outputs share one scale. fixed: the kernel prescribes the output's scale.
free: every tensor has its own."""

Precision = Literal["int8", "float"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorKind:
    """What all operators of one name have in common."""

    name: str
    scaling: Scaling | None = None
    """How it is quantized; None where it stays float."""
    int8_version: int = 0
    """The first version whose kernel takes int8; 0 where none does."""
    int16_version: int = 0
    """The first version whose kernel takes int16 activations; 0 where none does."""
    dynamic_version: int = 0
    """The first version that multiplies float activations by int8 weights in int8; 0: none is
    fast at it."""
    data: int = 0
    """linear: position of the activations among the inputs."""
    weights: int = 1
    """linear: position of the weights."""
    bias: int = 2
    """linear: position of the bias, which may be left out."""
    channel_axis: int = 0
    """linear: the weights' axis that counts output channels."""
    fixed_scale: float = 0.0
    fixed_zero_point: int = 0
    has_hybrid_kernel: bool = False
    """Whether it may read integer weights beside float values."""
    multiply_adds: macs.MultiplyAdds | None = None
    """None where it has no products to sum."""
    xnnpack: frozenset[Precision] = frozenset()
    """In which precisions XNNPACK takes it, in the form image networks have it; elsewhere the
    built-in kernels run, in int8 often far slower, and the delegated graph is split.

    Measured on LiteRT 2.3, x86-64 (tests/tflite/test_kinds.py measures it again): what XNNPACK
    takes is decided by the operator and does not differ on ARM."""

    @property
    def is_linear(self) -> bool:
        """Whether it multiplies by constant weights: convolutions and dense layers."""
        return self.scaling == "linear"


def kind_of(name: str) -> OperatorKind:
    """The table's row for `name`; of an operator that it lacks, one that says nothing.

    Example:
        >>> kind_of("DEPTHWISE_CONV_2D").channel_axis
        3
        >>> kind_of("TFLite_Detection_PostProcess").scaling is None
        True
    """
    return kinds().get(name) or OperatorKind(name=name)


@cache
def kinds() -> Mapping[str, OperatorKind]:
    """Every row by name."""
    return MappingProxyType({row.name: row for row in _rows()})


def _rows() -> Iterator[OperatorKind]:
    both, float_only = frozenset[Precision]({"int8", "float"}), frozenset[Precision]({"float"})
    neither = frozenset[Precision]()

    def linear(
        name: str,
        int8: int,
        int16: int,
        counted: macs.MultiplyAdds,
        *,
        dynamic: int = 0,
        axis: int = 0,
    ) -> OperatorKind:
        return OperatorKind(
            name=name,
            scaling="linear",
            int8_version=int8,
            int16_version=int16,
            dynamic_version=dynamic,
            channel_axis=axis,
            has_hybrid_kernel=True,
            multiply_adds=counted,
            xnnpack=both,
        )

    yield linear(ops.CONV_2D, 3, 4, macs.convolution, dynamic=5)
    yield linear(ops.DEPTHWISE_CONV_2D, 3, 5, macs.depthwise, axis=3)
    yield linear(ops.FULLY_CONNECTED, 4, 7, macs.fully_connected, dynamic=9)
    yield OperatorKind(
        name=ops.TRANSPOSE_CONV,
        scaling="linear",
        int8_version=2,
        int16_version=4,
        data=2,
        bias=3,
        has_hybrid_kernel=True,
        multiply_adds=macs.transposed,
        xnnpack=both,
    )
    yield OperatorKind(
        name=ops.BATCH_MATMUL,
        scaling="free",
        int8_version=2,
        int16_version=3,
        has_hybrid_kernel=True,
        multiply_adds=macs.batch_matmul,
        xnnpack=both,
    )
    yield OperatorKind(name=ops.CONV_3D, has_hybrid_kernel=True, multiply_adds=macs.convolution_3d)
    for name in (
        *(ops.EMBEDDING_LOOKUP, ops.SVDF, ops.LSTM, ops.RNN),
        *(ops.UNIDIRECTIONAL_SEQUENCE_LSTM, ops.BIDIRECTIONAL_SEQUENCE_LSTM),
    ):
        yield OperatorKind(name=name, has_hybrid_kernel=True)

    # name, the output's scale and zero point in int8, int16 version, XNNPACK
    for name, scale, zero_point, int16, fast in (
        (ops.SOFTMAX, 1 / 256, -128, 3, float_only),
        (ops.LOGISTIC, 1 / 256, -128, 3, both),
        (ops.TANH, 1 / 128, 0, 3, both),
        (ops.L2_NORMALIZATION, 1 / 128, 0, 0, neither),
        (ops.LOG_SOFTMAX, 16 / 256, 127, 0, neither),
    ):
        yield OperatorKind(
            name=name,
            scaling="fixed",
            int8_version=2,
            int16_version=int16,
            fixed_scale=scale,
            fixed_zero_point=zero_point,
            xnnpack=fast,
        )

    # name, scaling, int8 version, int16 version, XNNPACK
    rows: tuple[tuple[str, Scaling, int, int, frozenset[Precision]], ...] = (
        (ops.RESHAPE, "same", 1, 1, both),
        (ops.SQUEEZE, "same", 1, 1, neither),
        (ops.EXPAND_DIMS, "same", 1, 1, neither),
        (ops.MAX_POOL_2D, "same", 2, 3, both),
        (ops.AVERAGE_POOL_2D, "same", 2, 3, float_only),
        (ops.PAD, "same", 2, 3, both),
        (ops.PADV2, "same", 2, 3, neither),
        (ops.MIRROR_PAD, "same", 2, 3, neither),
        (ops.CONCATENATION, "same", 2, 3, both),
        (ops.SPLIT, "same", 2, 4, both),
        (ops.SPLIT_V, "same", 2, 0, neither),
        (ops.SLICE, "same", 2, 4, both),
        (ops.STRIDED_SLICE, "same", 2, 4, both),
        (ops.TRANSPOSE, "same", 2, 4, both),
        (ops.GATHER, "same", 2, 4, neither),
        (ops.SPACE_TO_DEPTH, "same", 2, 0, both),
        (ops.DEPTH_TO_SPACE, "same", 2, 0, both),
        (ops.SPACE_TO_BATCH_ND, "same", 2, 0, neither),
        (ops.BATCH_TO_SPACE_ND, "same", 2, 0, neither),
        (ops.RESIZE_BILINEAR, "same", 2, 4, both),
        (ops.RESIZE_NEAREST_NEIGHBOR, "same", 2, 4, neither),
        (ops.MAXIMUM, "same", 2, 4, float_only),
        (ops.MINIMUM, "same", 2, 4, float_only),
        (ops.REDUCE_MAX, "same", 2, 3, both),
        (ops.REDUCE_MIN, "same", 2, 3, both),
        (ops.PACK, "same", 2, 3, neither),
        (ops.UNPACK, "same", 2, 4, neither),
        (ops.TILE, "same", 2, 3, neither),
        (ops.ADD, "free", 2, 3, both),
        (ops.SUB, "free", 3, 5, both),
        (ops.MUL, "free", 2, 4, both),
        (ops.MEAN, "free", 2, 3, both),
        (ops.SUM, "free", 2, 0, both),
        (ops.RELU, "free", 2, 3, float_only),
        (ops.RELU6, "free", 2, 3, float_only),
        (ops.RELU_N1_TO_1, "free", 1, 0, float_only),
        (ops.LEAKY_RELU, "free", 2, 0, both),
        (ops.PRELU, "free", 1, 0, float_only),
        (ops.HARD_SWISH, "free", 1, 0, float_only),
        (ops.ELU, "free", 1, 0, both),
        (ops.GELU, "free", 2, 0, float_only),
        (ops.SQUARED_DIFFERENCE, "free", 2, 0, float_only),
    )
    for name, scaling, int8, int16, fast in rows:
        yield OperatorKind(
            name=name, scaling=scaling, int8_version=int8, int16_version=int16, xnnpack=fast
        )
    # The quantizer leaves these in float; LiteRT 2.3 has int8 kernels for some (ABS, RSQRT).
    for name in (ops.ABS, ops.DIV, ops.EXP, ops.LOG, ops.NEG, ops.RSQRT, ops.SQRT, ops.SQUARE):
        yield OperatorKind(name=name, xnnpack=float_only)
