"""The inputs of a layer as columns: what each output position multiplies its weights with."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgevision.quantize.border import same_padding
from edgevision.quantize.graph import Graph, Operator

SAMPLES_PER_COLUMN = 4
"""Positions over all images that a Gram matrix is made of, per column of it: more than determine
it; neighbouring positions say much the same."""

_LEAST_SAMPLES = 2048


def centred_gram(
    graph: Graph, op: Operator, values: Sequence[NDArray[Any]], *, zero: int, seed: int
) -> NDArray[np.float64]:
    """Mean of x x^T over sampled positions, with the mean of x taken out.

    Args:
        graph: the graph of `op`.
        op: a convolution or dense layer.
        values: its integer inputs, one array per image; `zero` is their zero point.
        zero: what padding holds.
        seed: of the choice of positions.

    Returns:
        (taps x channels, taps x channels) in units of input steps; for depthwise layers one
        (taps, taps) matrix per channel, (channels, taps, taps).
    """
    rng = np.random.default_rng(seed)
    kernel = graph.tensors[op.inputs[1]].shape
    is_depthwise = op.name == "DEPTHWISE_CONV_2D"
    width = int(np.prod(kernel[1:3] if is_depthwise else kernel[1:]))
    quota = -(-max(_LEAST_SAMPLES, SAMPLES_PER_COLUMN * width) // len(values))
    sampled = [_columns(graph, op, value, zero, quota=quota, rng=rng) for value in values]
    seen = np.concatenate(sampled).astype(np.float32)
    seen -= seen.mean(axis=0, dtype=np.float64).astype(np.float32)
    if is_depthwise:
        per_channel = np.ascontiguousarray(seen.transpose(2, 0, 1))
        gram = np.matmul(per_channel.transpose(0, 2, 1), per_channel)
    else:
        flat = seen.reshape(len(seen), -1)
        gram = flat.T @ flat
    result: NDArray[np.float64] = gram.astype(np.float64) / len(seen)
    return result


def _columns(
    graph: Graph,
    op: Operator,
    value: NDArray[Any],
    zero: int,
    *,
    quota: int,
    rng: np.random.Generator,
) -> NDArray[Any]:
    """(positions, taps, channels) of what up to `quota` output positions read."""
    weights = graph.tensors[op.inputs[1]].shape
    if op.name == "FULLY_CONNECTED":
        rows = value.reshape(-1, 1, weights[1])
        return rows[_some(len(rows), quota, rng)]
    height, width = graph.tensors[op.outputs[0]].shape[1:3]
    (top, bottom), (left, right) = same_padding(graph, op)
    padded = np.pad(
        value[0], ((top, bottom), (left, right), (0, 0)), constant_values=value.dtype.type(zero)
    )
    chosen = _some(height * width, quota, rng)
    y, x = (chosen // width) * op.options.strideH, (chosen % width) * op.options.strideW
    taps = [
        padded[y + row * op.options.dilationHFactor, x + column * op.options.dilationWFactor]
        for row in range(weights[1])
        for column in range(weights[2])
    ]
    return np.stack(taps, axis=1)


def _some(count: int, quota: int, rng: np.random.Generator) -> NDArray[np.int64]:
    if count <= quota:
        return np.arange(count)
    return np.sort(rng.choice(count, quota, replace=False))
