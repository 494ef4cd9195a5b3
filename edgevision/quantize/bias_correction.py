"""Taking the mean error of rounded weights out of the bias.

Source: Nagel et al. 2019, https://arxiv.org/abs/1906.04721, section 4.2; with measured instead of
assumed input means, as in Finkelstein et al. 2019, https://arxiv.org/abs/1906.03193.
"""

import copy
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from edgevision.quantize import affine
from edgevision.quantize.border import same_padding
from edgevision.quantize.graph import Graph, Operator, Scales
from edgevision.quantize.operators import RULES
from edgevision.tensors import FloatArray

Patch = NDArray[np.float64]
"""Mean input seen by each weight tap: (kernel height, kernel width, input channels)."""


def correctable(graph: Graph, at: int) -> bool:
    """Whether the operator is a convolution or dense layer whose constant weights we follow."""
    op = graph.operators[at]
    if op.name not in {"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"}:
        return False
    weights = graph.constant(op.inputs[1])
    if weights is None:
        return False
    # A convolution with fewer weight channels than inputs is grouped: its taps see part of them.
    channels = graph.tensors[op.inputs[0]].shape[-1]
    return op.name != "CONV_2D" or bool(weights.shape[3] == channels)


def mean_patch(graph: Graph, op: Operator, mean: NDArray[np.floating]) -> Patch:
    """What each tap of `op` sees on average over images and positions, border zeros included.

    The mean over images goes in: convolution is linear, so the mean of the outputs is the output
    of the mean.
    """
    if op.name == "FULLY_CONNECTED":
        weights = graph.tensors[op.inputs[1]]
        rows = mean.reshape(-1, weights.shape[1]).astype(np.float64)
        patch: Patch = rows.mean(axis=0).reshape(1, 1, -1)
        return patch
    kernel = graph.tensors[op.inputs[1]].shape[1:3]
    output = graph.tensors[op.outputs[0]].shape[1:3]
    (top, bottom), (left, right) = same_padding(graph, op)
    padded = np.pad(mean, ((0, 0), (top, bottom), (left, right), (0, 0)))
    o = op.options
    patch = np.empty((*kernel, mean.shape[3]), np.float64)
    for row in range(kernel[0]):
        for column in range(kernel[1]):
            y, x = row * o.dilationHFactor, column * o.dilationWFactor
            seen = padded[
                :,
                y : y + (output[0] - 1) * o.strideH + 1 : o.strideH,
                x : x + (output[1] - 1) * o.strideW + 1 : o.strideW,
            ]
            patch[row, column] = seen.mean(axis=(0, 1, 2), dtype=np.float64)
    return patch


def mean_response(op: Operator, weights: FloatArray, patch: Patch) -> NDArray[np.float64]:
    """Mean output of each channel, without bias, when the taps see `patch` on average."""
    wide = weights.astype(np.float64)
    response: NDArray[np.float64]
    if op.name == "DEPTHWISE_CONV_2D":
        repeated = np.repeat(patch, weights.shape[3] // patch.shape[2], axis=2)
        response = np.einsum("ijc,ijc->c", wide[0], repeated)
    else:
        response = wide.reshape(len(wide), -1) @ patch.reshape(-1)
    return response


def correct_biases(
    graph: Graph,
    integer: frozenset[int],
    means: Mapping[int, FloatArray],
    scales: Mapping[int, Scales],
    *,
    dense_per_channel: bool,
) -> Graph:
    """`graph` with each bias lowered by the mean error its layer's rounded weights will cause.

    `means` are the inputs' averages in the float model. Layers without one stay as they are.
    """
    corrected = graph.copy()
    for at in sorted(integer):
        op = graph.operators[at]
        if not correctable(graph, at) or op.inputs[0] not in means:
            continue
        rule = RULES[op.name]
        weights = graph.known(op.inputs[1])
        bias = graph.constant(op.inputs[2]) if len(op.inputs) > 2 else None
        dense = op.name == "FULLY_CONNECTED"
        weight_scales = affine.weight_scales(
            weights,
            None if dense and not dense_per_channel else rule.channel_axis,
            bias=bias,
            input_scale=float(scales[op.inputs[0]].scale[0]),
        )
        rounded = affine.dequantize_weights(
            affine.quantize_weights(weights, weight_scales), weight_scales
        )
        patch = mean_patch(graph, op, means[op.inputs[0]])
        error = mean_response(op, rounded - weights, patch)
        corrected.operators[at] = with_bias(corrected, op, (0.0 if bias is None else bias) - error)
    return corrected


def with_bias(graph: Graph, op: Operator, bias: NDArray[np.floating]) -> Operator:
    """`op` with this bias, a new constant of `graph`."""
    changed = copy.copy(op)
    changed.inputs = [*op.inputs, -1][:3] if len(op.inputs) < 3 else list(op.inputs)
    old = changed.inputs[2]
    name = graph.tensors[old].name if old >= 0 else f"{graph.tensors[op.outputs[0]].name};bias"
    changed.inputs[2] = graph.add_constant(name, bias.astype(np.float32))
    return changed
