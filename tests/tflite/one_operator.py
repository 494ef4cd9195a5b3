"""Float models of one operator each, in the form image networks have it."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from edgevision.tflite.graph import Graph
from tests.quantize.builder import Builder

SIDE, CHANNELS = 8, 4
PICTURE = (1, SIDE, SIDE, CHANNELS)


def one_operator(name: str) -> Graph:
    """Operator `name` between the inputs and the output of a model."""
    return _MAKERS[name](name)


def _weights(*shape: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def _convolution(name: str) -> Graph:
    b = Builder(PICTURE)
    depthwise = name == "DEPTHWISE_CONV_2D"
    kernel = _weights(1, 3, 3, CHANNELS) if depthwise else _weights(6, 3, 3, CHANNELS)
    return b.finish(b.conv(0, kernel, None, depthwise=depthwise))


def _dense(_name: str) -> Graph:
    b = Builder((1, 16))
    return b.finish(b.dense(0, _weights(5, 16), np.zeros(5, np.float32)))


def _transposed(name: str) -> Graph:
    b = Builder(PICTURE)
    options = schema.TransposeConvOptionsT()
    options.padding, options.strideH, options.strideW = schema.Padding.SAME, 2, 2
    shape = (1, 2 * SIDE, 2 * SIDE, 6)
    inputs = [
        b.constant("size", np.asarray(shape, np.int32)),
        b.constant("w", _weights(6, 3, 3, 4)),
    ]
    return b.finish(b.op(name, [*inputs, 0, b.constant("b", np.zeros(6))], shape, options))


def _matmul(name: str) -> Graph:
    b = Builder((1, 6, 4), (1, 4, 5))
    return b.finish(b.op(name, [0, 1], (1, 6, 5), schema.BatchMatMulOptionsT()))


def _unary(options: Any = None) -> Callable[[str], Graph]:
    def make(name: str) -> Graph:
        b = Builder(PICTURE)
        return b.finish(b.op(name, [0], PICTURE, options() if options else None))

    return make


def _binary(options: Any) -> Callable[[str], Graph]:
    def make(name: str) -> Graph:
        b = Builder(PICTURE, PICTURE)
        return b.finish(b.op(name, [0, 1], PICTURE, options()))

    return make


def _softmax(_name: str) -> Graph:
    b = Builder((1, 16))
    return b.finish(b.softmax(0))


def _log_softmax(name: str) -> Graph:
    b = Builder((1, 16))
    return b.finish(b.op(name, [0], (1, 16), schema.LogSoftmaxOptionsT()))


def _pool(name: str) -> Graph:
    b, options = Builder(PICTURE), schema.Pool2DOptionsT()
    options.strideW = options.strideH = options.filterWidth = options.filterHeight = 2
    options.padding = schema.Padding.VALID
    return b.finish(b.op(name, [0], (1, SIDE // 2, SIDE // 2, CHANNELS), options))


def _with(shape: tuple[int, ...], options: Any, *constants: Any) -> Callable[[str], Graph]:
    """An operator that reads a picture and int32 constants."""

    def make(name: str) -> Graph:
        b = Builder(PICTURE)
        given = [b.constant(f"c{i}", np.asarray(c, np.int32)) for i, c in enumerate(constants)]
        return b.finish(b.op(name, [0, *given], shape, options() if options else None))

    return make


def _set(options: Any, **fields: Any) -> Callable[[], Any]:
    def make() -> Any:
        made = options()
        for field, value in fields.items():
            setattr(made, field, value)
        return made

    return make


def _padv2(name: str) -> Graph:
    b = Builder(PICTURE)
    sides = b.constant("sides", np.asarray([[0, 0], [1, 1], [1, 1], [0, 0]], np.int32))
    inputs = [0, sides, b.constant("with", np.asarray(0.5))]
    return b.finish(b.op(name, inputs, (1, SIDE + 2, SIDE + 2, CHANNELS), schema.PadV2OptionsT()))


def _prelu(name: str) -> Graph:
    b = Builder(PICTURE)
    return b.finish(b.op(name, [0, b.constant("slope", np.full((1, 1, CHANNELS), 0.2))], PICTURE))


def _concatenation(_name: str) -> Graph:
    b = Builder(PICTURE, PICTURE)
    return b.finish(b.concat(0, 1))


def _pack(name: str) -> Graph:
    b = Builder(PICTURE, PICTURE)
    options = _set(schema.PackOptionsT, valuesCount=2, axis=0)()
    return b.finish(b.op(name, [0, 1], (2, *PICTURE), options))


def _split(name: str) -> Graph:
    b = Builder(PICTURE)
    axis = b.constant("axis", np.asarray(3, np.int32))
    sizes = b.constant("sizes", np.asarray([2, 2], np.int32))
    half = (1, SIDE, SIDE, 2)
    version_two = name == "SPLIT_V"
    options = _set(schema.SplitVOptionsT if version_two else schema.SplitOptionsT, numSplits=2)()
    first = b.op(name, [0, sizes, axis] if version_two else [axis, 0], half, options)
    second = b.activation("second", half)
    b.graph.operators[-1].outputs.append(second)
    return b.finish(first, second)


def _unpack(name: str) -> Graph:
    b = Builder((2, 4, 4))
    first = b.op(name, [0], (4, 4), _set(schema.UnpackOptionsT, num=2, axis=0)())
    second = b.activation("second", (4, 4))
    b.graph.operators[-1].outputs.append(second)
    return b.finish(first, second)


_HALVED = (1, SIDE // 2, SIDE // 2, 4 * CHANNELS)
_DOUBLED = (1, 2 * SIDE, 2 * SIDE, CHANNELS)
_SUMMED = (1, 1, 1, CHANNELS)
_FLAT = (1, SIDE * SIDE, CHANNELS)
_PADS = [[0, 0], [1, 1], [1, 1], [0, 0]]
_PADDED = (1, SIDE + 2, SIDE + 2, CHANNELS)
_keep = _set(schema.ReducerOptionsT, keepDims=True)
_MAKERS: Mapping[str, Callable[[str], Graph]] = {
    "CONV_2D": _convolution,
    "DEPTHWISE_CONV_2D": _convolution,
    "FULLY_CONNECTED": _dense,
    "TRANSPOSE_CONV": _transposed,
    "BATCH_MATMUL": _matmul,
    "SOFTMAX": _softmax,
    "LOG_SOFTMAX": _log_softmax,
    "L2_NORMALIZATION": _unary(schema.L2NormOptionsT),
    "LEAKY_RELU": _unary(_set(schema.LeakyReluOptionsT, alpha=0.2)),
    "GELU": _unary(schema.GeluOptionsT),
    "NEG": _unary(schema.NegOptionsT),
    "ABS": _unary(schema.AbsOptionsT),
    "EXP": _unary(schema.ExpOptionsT),
    "SQUARE": _unary(schema.SquareOptionsT),
    **dict.fromkeys(
        (*("LOGISTIC", "TANH", "RELU", "RELU6", "RELU_N1_TO_1"), *("HARD_SWISH", "ELU")),
        _unary(),
    ),
    **dict.fromkeys(("SQRT", "RSQRT", "LOG"), _unary()),
    "ADD": _binary(schema.AddOptionsT),
    "SUB": _binary(schema.SubOptionsT),
    "MUL": _binary(schema.MulOptionsT),
    "DIV": _binary(schema.DivOptionsT),
    "POW": _binary(schema.PowOptionsT),
    "SQUARED_DIFFERENCE": _binary(schema.SquaredDifferenceOptionsT),
    "MAXIMUM": _binary(schema.MaximumMinimumOptionsT),
    "MINIMUM": _binary(schema.MaximumMinimumOptionsT),
    "MAX_POOL_2D": _pool,
    "AVERAGE_POOL_2D": _pool,
    "RESHAPE": _with(
        (1, SIDE * SIDE, CHANNELS), schema.ReshapeOptionsT, (1, SIDE * SIDE, CHANNELS)
    ),
    "SQUEEZE": _with((SIDE, SIDE, CHANNELS), _set(schema.SqueezeOptionsT, squeezeDims=[0])),
    "EXPAND_DIMS": _with((1, *PICTURE), schema.ExpandDimsOptionsT, 0),
    "PAD": _with(_PADDED, schema.PadOptionsT, _PADS),
    "PADV2": _padv2,
    "MIRROR_PAD": _with(_PADDED, schema.MirrorPadOptionsT, _PADS),
    "CONCATENATION": _concatenation,
    "SPLIT": _split,
    "SPLIT_V": _split,
    "SLICE": _with((1, 4, 4, 4), schema.SliceOptionsT, (0, 1, 1, 0), (1, 4, 4, 4)),
    "STRIDED_SLICE": _with(
        (1, 4, 4, 4), schema.StridedSliceOptionsT, (0, 1, 1, 0), (1, 5, 5, 4), (1, 1, 1, 1)
    ),
    "TRANSPOSE": _with((1, CHANNELS, SIDE, SIDE), schema.TransposeOptionsT, (0, 3, 1, 2)),
    "GATHER": _with((1, SIDE, SIDE, 2), _set(schema.GatherOptionsT, axis=3), (0, 2)),
    "SPACE_TO_DEPTH": _with(_HALVED, _set(schema.SpaceToDepthOptionsT, blockSize=2)),
    "DEPTH_TO_SPACE": _with(
        (1, 2 * SIDE, 2 * SIDE, 1), _set(schema.DepthToSpaceOptionsT, blockSize=2)
    ),
    "SPACE_TO_BATCH_ND": _with(
        (4, SIDE // 2, SIDE // 2, CHANNELS),
        schema.SpaceToBatchNDOptionsT,
        (2, 2),
        ((0, 0), (0, 0)),
    ),
    "RESIZE_BILINEAR": _with(_DOUBLED, schema.ResizeBilinearOptionsT, (2 * SIDE, 2 * SIDE)),
    "RESIZE_NEAREST_NEIGHBOR": _with(
        _DOUBLED, schema.ResizeNearestNeighborOptionsT, (2 * SIDE, 2 * SIDE)
    ),
    "REDUCE_MAX": _with(_SUMMED, _keep, (1, 2)),
    "REDUCE_MIN": _with(_SUMMED, _keep, (1, 2)),
    "MEAN": _with(_SUMMED, _keep, (1, 2)),
    "SUM": _with(_SUMMED, _keep, (1, 2)),
    "PACK": _pack,
    "UNPACK": _unpack,
    "TILE": _with((1, 2 * SIDE, SIDE, CHANNELS), schema.TileOptionsT, (1, 2, 1, 1)),
    "PRELU": _prelu,
}
NAMES = tuple(_MAKERS)
