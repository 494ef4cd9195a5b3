"""Bias correction: the mean error of rounded weights and activations taken out of the bias.

Source: Nagel et al. 2019, https://arxiv.org/abs/1906.04721, section 4.2 and appendix D: layer by
layer, upstream first, each with the outputs of the integer prefix as its input. Here the median
over images, not the mean: what one odd image loses to clipping must not move all others.
"""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgevision.quantize.assign import affine
from edgevision.quantize.correct.mean_inputs import (
    is_followed,
    mean_response,
    patch_input,
    taps_of,
)
from edgevision.quantize.step import IntegerLayer, LayerStep, Observations, Scope
from edgevision.tflite.graph import Operator


def bias_shift(
    op: Operator,
    *,
    weights: NDArray[Any],
    rounded: NDArray[Any],
    mean_inputs: NDArray[Any],
    integer_mean_inputs: NDArray[Any],
) -> NDArray[np.float64]:
    """What to add to the bias so that the typical image's mean output is the float model's.

    Args:
        op: the layer.
        weights: its float weights.
        rounded: the real values of its integer weights.
        mean_inputs: mean patches of the float model's input, (images, taps..., channels).
        integer_mean_inputs: the same of the input the integer model really has.

    Returns:
        One number per output channel.
    """
    wanted = mean_response(op, weights, mean_inputs)
    got = mean_response(op, rounded, integer_mean_inputs)
    shift: NDArray[np.float64] = np.median(wanted - got, axis=0)
    return shift


def _corrected(layer: IntegerLayer) -> IntegerLayer:
    if layer.mean_inputs is None:
        return layer
    taps, count = taps_of(layer.graph, layer.op), len(layer.inputs)
    integer_mean_inputs = np.stack(
        [taps.mean_patch(patch_input(layer.op, v, layer.weights.shape)) for v in layer.inputs]
    )
    shift = bias_shift(
        layer.op,
        weights=layer.weights,
        rounded=affine.dequantize_weights(layer.integers, layer.scales),
        mean_inputs=layer.mean_inputs[:count],
        integer_mean_inputs=(integer_mean_inputs - layer.input_zero * taps.coverage)
        * np.float32(layer.input_step),
    )
    return replace(layer, bias_shift=shift)


def _estimated(layer: IntegerLayer) -> IntegerLayer:
    """The mean error of the rounded weights, as if activations were exact.

    Source: Finkelstein et al. 2019, https://arxiv.org/abs/1906.03193.
    """
    if layer.mean_inputs is None:
        return layer
    rounded = affine.dequantize_weights(layer.integers, layer.scales)
    typical = layer.mean_inputs.mean(axis=0, keepdims=True)
    return replace(layer, bias_shift=mean_response(layer.op, layer.weights - rounded, typical)[0])


def _observe(scope: Scope) -> Observations:
    graph = scope.graph
    return Observations(
        mean_inputs=tuple(
            op.id for op in graph.operators if op.id in scope.integer and is_followed(graph, op)
        )
    )


BIAS_CORRECTION = LayerStep(
    name="bias_correction", observe=_observe, apply=_corrected, estimate=_estimated
)
