"""The inputs of a layer as columns: what each output position multiplies its weights with."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgevision.quantize.transforms.padding import same_padding
from edgevision.tensors import FloatArray
from edgevision.tflite import ops
from edgevision.tflite.graph import Graph, Operator

SAMPLES_PER_COLUMN = 4
"""Positions over all images that a Gram matrix is made of, per column of it: more than determine
it; neighbouring positions say much the same."""

_LEAST_SAMPLES = 512

MOST_GRAM_BYTES = 96 << 20
"""Largest Gram matrix that is made. Rounding takes nine times its size, 0.9 GB: NumPy's Cholesky
factor is made in float64.

It is what a width of 5,016 has in float32. The widest convolutions of VGG and ResNet have 4,608; a
dense layer behind Flatten easily has 30,000, which is 3.6 GB for the Gram matrix alone."""


def reads_per_output(graph: Graph, op: Operator) -> int:
    """How many input values each output of a convolution or dense layer is made of."""
    kernel = graph.tensors[op.inputs[1]].shape
    return int(np.prod(kernel[1:3] if op.name == ops.DEPTHWISE_CONV_2D else kernel[1:]))


def is_too_wide(graph: Graph, op: Operator) -> bool:
    """Whether the layer's Gram matrix, with what goes with it, might fill the memory."""
    matrices = graph.tensors[op.inputs[1]].shape[3] if op.name == ops.DEPTHWISE_CONV_2D else 1
    size_bytes = matrices * reads_per_output(graph, op) ** 2 * np.dtype(np.float32).itemsize
    return size_bytes > MOST_GRAM_BYTES


def centred_gram(
    graph: Graph, op: Operator, values: Sequence[NDArray[Any]], *, zero: int, seed: int
) -> FloatArray:
    """Mean of x x^T over sampled positions, with the mean of x taken out.

    Args:
        graph: the graph of `op`.
        op: a convolution or dense layer that is not too wide.
        values: its integer inputs, one array per image; `zero` is their zero point.
        zero: what padding holds.
        seed: of the choice of positions.

    Returns:
        (taps x channels, taps x channels) in units of input steps; for depthwise layers one
        (taps, taps) matrix per channel, (channels, taps, taps).
    """
    seen = _sampled(graph, op, values, zero, seed)
    count, width, channels = seen.shape
    if op.name == ops.DEPTHWISE_CONV_2D:
        by_channel = seen.transpose(2, 0, 1).astype(np.float32, order="C")
        by_channel -= by_channel.mean(axis=1, keepdims=True)
        gram = np.matmul(by_channel.transpose(0, 2, 1), by_channel)
    else:
        flat = seen.reshape(count, width * channels).astype(np.float32)
        flat -= flat.mean(axis=0, dtype=np.float64).astype(np.float32)
        gram = flat.T @ flat
    gram /= np.float32(count)
    result: FloatArray = gram
    return result


def _sampled(
    graph: Graph, op: Operator, values: Sequence[NDArray[Any]], zero: int, seed: int
) -> NDArray[Any]:
    """(positions, taps, channels) of what some output positions of each image read."""
    rng = np.random.default_rng(seed)
    reads = _reads(graph, op)
    kernel = graph.tensors[op.inputs[1]].shape
    samples = max(_LEAST_SAMPLES, SAMPLES_PER_COLUMN * reads_per_output(graph, op))
    quota = -(-samples // len(values))
    each = min(quota, len(reads))
    channels = kernel[1] if op.name == ops.FULLY_CONNECTED else values[0].shape[-1]
    seen = np.empty((len(values) * each, reads.shape[1], channels), values[0].dtype)
    for image, value in enumerate(values):
        chosen = reads[np.sort(rng.choice(len(reads), each, replace=False))]
        part = seen[image * each : (image + 1) * each]
        value.reshape(-1, channels).take(chosen, axis=0, out=part, mode="clip")
        part[chosen < 0] = zero
    return seen


def _reads(graph: Graph, op: Operator) -> NDArray[np.int64]:
    """(output positions, taps): which input position each tap reads, -1 in the padding."""
    weights = graph.tensors[op.inputs[1]].shape
    given = graph.tensors[op.inputs[0]].shape
    if op.name == ops.FULLY_CONNECTED:
        return np.arange(int(np.prod(given)) // weights[1])[:, None]
    made = graph.tensors[op.outputs[0]].shape
    (top, _), (left, _) = same_padding(graph, op)
    o = op.options
    rows, columns = (
        np.arange(made[axis])[:, None] * stride + np.arange(weights[axis]) * dilation - before
        for axis, stride, dilation, before in (
            (1, o.strideH, o.dilationHFactor, top),
            (2, o.strideW, o.dilationWFactor, left),
        )
    )
    # (rows, columns, taps down, taps across)
    down, across = rows[:, None, :, None], columns[None, :, None, :]
    inside = (down >= 0) & (down < given[1]) & (across >= 0) & (across < given[2])
    return np.where(inside, down * given[2] + across, -1).reshape(made[1] * made[2], -1)
