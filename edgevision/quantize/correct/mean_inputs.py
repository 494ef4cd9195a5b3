"""What each weight tap of a layer sees on average: the input side of bias correction and rounding.

Convolution is linear, so the mean of a layer's outputs over positions is the weights times the
mean patch: no convolution is needed to know it.
"""

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from edgevision.quantize.transforms.padding import same_padding
from edgevision.tensors import FloatArray
from edgevision.tflite import ops
from edgevision.tflite.graph import Graph, Operator

MeanInput: TypeAlias = NDArray[np.float32]
"""(kernel height, kernel width, input channels); dense layers have a kernel of 1 x 1."""


def is_followed(graph: Graph, op: Operator) -> bool:
    """Whether the operator is a convolution or dense layer whose constant weights we follow."""
    if op.name not in ops.CONVOLUTIONS | {ops.FULLY_CONNECTED}:
        return False
    weights = graph.constant(op.inputs[1])
    if weights is None:
        return False
    # A convolution with fewer weight channels than inputs is grouped: its taps see part of them.
    return op.name != ops.CONV_2D or weights.shape[3] == graph.tensors[op.inputs[0]].shape[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taps:
    """Which input rows and columns each tap of a layer reads, over all output positions."""

    rows: FloatArray
    """(kernel height, input height): 1 / output height where the tap reads the row, else 0."""
    columns: FloatArray
    """(kernel width, input width), likewise."""

    @property
    def coverage(self) -> FloatArray:
        """Share of output positions at which each tap reads inside the input, (taps..., 1)."""
        share: FloatArray = self.rows.sum(axis=1)[:, None] * self.columns.sum(axis=1)
        return share[..., None]

    def mean_patch(self, values: NDArray[Any]) -> MeanInput:
        """Mean over positions of what each tap reads in `values` (1, height, width, channels).

        Border positions read zeros, as the layer's padding has them.
        """
        image = values.reshape(-1, *values.shape[-2:]) if values.ndim > 2 else values[None]
        across = np.matmul(self.columns, image.astype(np.float32, copy=False))
        patch: MeanInput = np.tensordot(self.rows, across, axes=1)
        return patch


def taps_of(graph: Graph, op: Operator) -> Taps:
    """The taps of a followed operator."""
    if op.name == ops.FULLY_CONNECTED:
        size = int(np.prod(graph.tensors[op.inputs[0]].shape))
        rows = size // graph.tensors[op.inputs[1]].shape[1]
        return Taps(
            rows=np.ones((1, 1), np.float32), columns=np.full((1, rows), 1 / rows, np.float32)
        )
    padding = same_padding(graph, op)
    kernel = graph.tensors[op.inputs[1]].shape[1:3]
    given = graph.tensors[op.inputs[0]].shape[1:3]
    made = graph.tensors[op.outputs[0]].shape[1:3]
    o = op.options
    reads = [
        _reads(given[axis], made[axis], before=padding[axis, 0], stride=stride, steps=steps)
        for axis, stride, steps in (
            (0, o.strideH, np.arange(kernel[0]) * o.dilationHFactor),
            (1, o.strideW, np.arange(kernel[1]) * o.dilationWFactor),
        )
    ]
    return Taps(rows=reads[0], columns=reads[1])


def _reads(
    given: int, made: int, *, before: int, stride: int, steps: NDArray[np.int64]
) -> FloatArray:
    reads = np.zeros((len(steps), given), np.float32)
    for tap, step in enumerate(steps):
        places = np.arange(made) * stride + step - before
        inside = places[(places >= 0) & (places < given)]
        reads[tap, inside] = 1 / made
    return reads


def patch_input(op: Operator, values: NDArray[Any], weights_shape: tuple[int, ...]) -> NDArray[Any]:
    """`values` of the operator's input in the form that `Taps.mean_patch` takes."""
    if op.name == ops.FULLY_CONNECTED:
        return values.reshape(1, -1, weights_shape[1])
    return values


def mean_response(
    op: Operator, weights: NDArray[Any], mean_inputs: NDArray[Any]
) -> NDArray[np.float64]:
    """Mean output of each channel, without bias, when the taps see `mean_inputs` on average.

    Args:
        op: the layer.
        weights: as it stores them.
        mean_inputs: (images, kernel height, kernel width, input channels).

    Returns:
        (images, output channels).
    """
    response: NDArray[Any]
    if op.name == ops.DEPTHWISE_CONV_2D:
        repeated = np.repeat(mean_inputs, weights.shape[3] // mean_inputs.shape[3], axis=3)
        response = (repeated * weights[0]).sum(axis=(1, 2))
    else:
        # In the type given: float32 is twice as fast, and exact enough by far.
        response = mean_inputs.reshape(len(mean_inputs), -1) @ weights.reshape(len(weights), -1).T
    return response.astype(np.float64)
