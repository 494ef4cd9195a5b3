"""Float graphs that are unusual but valid, each with one convolution at least to quantize."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgevision.tflite import schema
from edgevision.tflite.graph import Graph
from tests.quantize.builder import Builder

GRAPHS: dict[str, Callable[[], Graph]] = {}


def weights(*shape: int) -> NDArray[np.float64]:
    return np.random.default_rng(sum(shape)).normal(0, 0.3, shape)


def after_conv(build: Callable[[Builder, int], tuple[int, ...]]) -> Callable[..., Any]:
    """Registers a graph: `build` is given a builder and a convolution, and returns the outputs."""

    def graph() -> Graph:
        b = Builder((1, 12, 12, 3))
        x = b.conv(b.graph.inputs[0], weights(4, 3, 3, 3), weights(4))
        return b.finish(*build(b, x))

    GRAPHS[build.__name__] = graph
    return build


def exp(b: Builder, *shape: int) -> int:
    """Computed from a constant."""
    return b.op("EXP", [b.constant("k", weights(*shape))], shape, schema.ExpOptionsT())


def rewired(b: Builder, made: int, position: int, tensor: int) -> int:
    """The last operator reads `tensor` at `position`."""
    inputs = b.graph.operators[-1].inputs
    b.graph.operators[-1].inputs = [*inputs[:position], tensor, *inputs[position + 1 :]]
    return made


@after_conv
def sum_of_constants(b: Builder, x: int) -> tuple[int, ...]:
    total = b.binary("ADD", b.constant("a", weights(1, 1, 1, 4)), exp(b, 1, 1, 1, 4))
    return (b.binary("ADD", x, total),)


@after_conv
def function_of_a_constant(b: Builder, x: int) -> tuple[int, ...]:
    return (b.binary("MUL", x, exp(b, 1, 1, 1, 4)),)


@after_conv
def chain_of_constants(b: Builder, x: int) -> tuple[int, ...]:
    gate = b.op("LOGISTIC", [exp(b, 1, 1, 1, 4)], (1, 1, 1, 4))
    return (b.binary("MUL", x, b.binary("ADD", gate, b.constant("a", weights(1, 1, 1, 4)))),)


@after_conv
def computed_weights(b: Builder, x: int) -> tuple[int, ...]:
    kernel = exp(b, 4, 1, 1, 4)
    return (rewired(b, b.conv(x, weights(4, 1, 1, 4), None), 1, kernel),)


@after_conv
def computed_bias(b: Builder, x: int) -> tuple[int, ...]:
    bias = exp(b, 4)
    return (rewired(b, b.conv(x, weights(4, 1, 1, 4), None), 2, bias),)


@after_conv
def computed_dense_weights(b: Builder, x: int) -> tuple[int, ...]:
    kernel, pooled = exp(b, 3, 4), b.mean(x)
    return (rewired(b, b.dense(pooled, weights(3, 4)), 1, kernel),)


@after_conv
def weights_of_the_image(b: Builder, x: int) -> tuple[int, ...]:
    wide = b.mean(b.conv(b.graph.inputs[0], weights(12, 3, 3, 3), None))
    kernel, pooled = b.reshape(wide, (3, 4)), b.mean(x)
    return (rewired(b, b.dense(pooled, weights(3, 4)), 1, kernel),)


@after_conv
def convolution_of_a_constant(b: Builder, x: int) -> tuple[int, ...]:
    picture = b.constant("picture", weights(1, 12, 12, 3))
    return (b.binary("ADD", x, b.conv(picture, weights(4, 3, 3, 3), None)),)


@after_conv
def filled(b: Builder, x: int) -> tuple[int, ...]:
    sides = b.constant("sides", np.array([1, 12, 12, 4], np.int32))
    value = b.constant("value", np.float32(0.5))
    return (
        b.binary("ADD", x, b.op("FILL", [sides, value], (1, 12, 12, 4), schema.FillOptionsT())),
    )


@after_conv
def softmax_of_a_constant(b: Builder, x: int) -> tuple[int, ...]:
    share = b.softmax(b.constant("k", weights(1, 4)))
    return (b.softmax(b.binary("ADD", b.mean(x), share)),)


@after_conv
def output_computed_of_constants(b: Builder, x: int) -> tuple[int, ...]:
    return x, exp(b, 1, 4)


@after_conv
def constant_output(b: Builder, x: int) -> tuple[int, ...]:
    return x, b.constant("answer", weights(1, 3))


@after_conv
def constant_integer_output(b: Builder, x: int) -> tuple[int, ...]:
    return x, b.constant("answer", np.arange(3, dtype=np.int32))


@after_conv
def input_that_is_an_output(b: Builder, x: int) -> tuple[int, ...]:
    return x, b.graph.inputs[0]


@after_conv
def output_twice(_b: Builder, x: int) -> tuple[int, ...]:
    return x, x


@after_conv
def sum_with_itself(b: Builder, x: int) -> tuple[int, ...]:
    return (b.binary("ADD", x, x),)


@after_conv
def product_with_itself(b: Builder, x: int) -> tuple[int, ...]:
    return (b.binary("MUL", x, x),)


@after_conv
def joined_with_itself(b: Builder, x: int) -> tuple[int, ...]:
    return (b.concat(x, x),)


@after_conv
def joined_with_a_constant(b: Builder, x: int) -> tuple[int, ...]:
    return (b.concat(x, b.constant("k", weights(1, 12, 12, 2))),)


@after_conv
def joined_with_an_empty_constant(b: Builder, x: int) -> tuple[int, ...]:
    return (b.concat(x, b.constant("none", np.zeros((1, 12, 12, 0)))),)


def empty_slice(b: Builder, x: int) -> int:
    begin = b.constant("begin", np.zeros(4, np.int32))
    size = b.constant("size", np.array([1, 12, 12, 0], np.int32))
    return b.op("SLICE", [x, begin, size], (1, 12, 12, 0), schema.SliceOptionsT())


@after_conv
def joined_with_an_empty_activation(b: Builder, x: int) -> tuple[int, ...]:
    return (b.concat(x, empty_slice(b, x)),)


@after_conv
def empty_output(b: Builder, x: int) -> tuple[int, ...]:
    return x, empty_slice(b, x)


@after_conv
def operator_whose_output_nobody_reads(b: Builder, x: int) -> tuple[int, ...]:
    b.op("EXP", [x], (1, 12, 12, 4), schema.ExpOptionsT())
    b.conv(x, weights(4, 1, 1, 4), None)
    return (b.mean(x),)


@after_conv
def bias_left_out(b: Builder, x: int) -> tuple[int, ...]:
    y = b.dense(b.mean(x), weights(3, 4))
    b.graph.operators[-1].inputs.append(-1)
    return (y,)


@after_conv
def scalar_constant(b: Builder, x: int) -> tuple[int, ...]:
    return (b.binary("MUL", x, b.constant("k", np.float32(2.0))),)


def two_inputs(build: Callable[[Builder, int, int], tuple[int, ...]]) -> Callable[..., Any]:
    """As `after_conv`, with a second input of four numbers."""

    def graph() -> Graph:
        b = Builder((1, 12, 12, 3), (1, 4))
        x = b.conv(b.graph.inputs[0], weights(4, 3, 3, 3), weights(4))
        return b.finish(*build(b, x, b.graph.inputs[1]))

    GRAPHS[build.__name__] = graph
    return build


@two_inputs
def input_that_nobody_reads(_b: Builder, x: int, _other: int) -> tuple[int, ...]:
    return (x,)


@two_inputs
def input_that_is_only_an_output(_b: Builder, x: int, other: int) -> tuple[int, ...]:
    return x, other


@two_inputs
def input_with_a_value_of_its_own(b: Builder, x: int, other: int) -> tuple[int, ...]:
    b.graph.tensors[other].data = weights(1, 4).astype(np.float32)
    return (b.binary("ADD", b.mean(x), other),)
