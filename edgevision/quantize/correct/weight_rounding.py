"""Weight rounding (GPTQ): integers that give the layer's outputs, not those nearest to weights."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from edgevision.quantize.correct.gptq import gptq, gptq_each
from edgevision.quantize.correct.gram import centred_gram, is_too_wide, reads_per_output
from edgevision.quantize.correct.mean_inputs import is_followed
from edgevision.quantize.step import IntegerLayer, LayerStep, Scope
from edgevision.tflite import ops
from edgevision.tflite.graph import Graph, Operator


def rounded_by_output(layer: IntegerLayer) -> NDArray[np.int8]:
    """Integer weights that give the float layer's outputs on the integer layer's inputs."""
    weights, op = layer.weights, layer.op
    gram = centred_gram(layer.graph, op, layer.inputs, zero=layer.input_zero, seed=layer.seed)
    is_depthwise = op.name == ops.DEPTHWISE_CONV_2D
    steps = np.broadcast_to(layer.scales.scale, weights.shape[3 if is_depthwise else 0])
    if not is_depthwise:
        flat = weights.reshape(len(weights), -1)
        return gptq(flat, gram, steps).reshape(weights.shape)
    taps = weights[0].reshape(-1, weights.shape[3])
    grams = np.repeat(gram, weights.shape[3] // len(gram), axis=0)
    return gptq_each(taps.T, grams, steps).T.reshape(weights.shape)


def _applies(scope: Scope) -> bool:
    is_asked = scope.recipe.switch("weight_rounding") == "on" or scope.recipe.quality != "fast"
    return is_asked and any(
        op.id in scope.integer and is_followed(scope.graph, op) for op in scope.graph.operators
    )


def _leaves_out(graph: Graph, op: Operator) -> str:
    if not is_too_wide(graph, op):
        return ""
    return (
        f"reads {reads_per_output(graph, op):,} values for each output, too many to round its "
        "weights by output: that would fill the memory, so each weight is rounded by itself"
    )


WEIGHT_ROUNDING = LayerStep(
    name="weight_rounding",
    label="weights rounded by output",
    default="auto",
    applies=_applies,
    apply=lambda layer: replace(layer, integers=rounded_by_output(layer)),
    is_slow=True,
    leaves_out=_leaves_out,
)
