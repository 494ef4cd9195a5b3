"""Which operation of a quantized file does the work of which operation of its float original.

Quantizers keep the order of the graph and, mostly, the tensors' names; they add conversions, fold
paddings and rewrite operations. So the two lists are aligned as texts are compared: the common
subsequence of greatest weight, where a name that survived weighs more than an equal operation and
shape.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgevision.tflite import ops
from edgevision.tflite.layer_names import layer_names
from edgevision.tflite.view import Operator, TfliteModel

_SAME_NAME, _SAME_WORK = 4, 3
"""Weights: a tensor's name decides, and the operation where names were changed."""

Weights = NDArray[np.int8]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlignedOperators:
    """An operation of the float file and the one that does its work in the quantized file."""

    float_operator: int
    quantized_operator: int
    float_tensor: int
    """Index of the output tensor in the float file."""
    quantized_tensor: int
    operation: str
    """As the float file has it: "CONV_2D"."""
    layer: str
    """Keras layer it was made of; the tensor's name where that does not tell."""
    tensor_name: str
    """Of the output in the float file, whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alignment:
    """The pairs in the float file's order, and what has no counterpart."""

    pairs: tuple[AlignedOperators, ...]
    unmatched: tuple[str, ...]
    """Layers of the float file without a counterpart (folded into another, or rewritten)."""


def align(float_model: TfliteModel, quantized_model: TfliteModel) -> Alignment:
    """Pairs of operations whose outputs hold the same values, but for the quantization."""
    layers = layer_names(float_model)
    ours = [op for op in float_model.operators if op.outputs]
    theirs = [
        op for op in quantized_model.operators if op.outputs and op.name not in ops.CONVERSIONS
    ]
    matched = dict(_best_common(_weights(float_model, ours, quantized_model, theirs)))
    pairs, unmatched = [], []
    for at, op in enumerate(ours):
        tensor = float_model.tensors[op.outputs[0]]
        name = layers[op.index] or tensor.name.split(";")[0] or f"operation {op.index}"
        if at not in matched:
            unmatched.append(f"{name} ({op.name})")
            continue
        other = theirs[matched[at]]
        pairs.append(
            AlignedOperators(
                float_operator=op.index,
                quantized_operator=other.index,
                float_tensor=tensor.index,
                quantized_tensor=other.outputs[0],
                operation=op.name,
                layer=name,
                tensor_name=tensor.name,
            )
        )
    return Alignment(pairs=tuple(pairs), unmatched=tuple(unmatched))


def _weights(
    float_model: TfliteModel,
    ours: list[Operator],
    quantized_model: TfliteModel,
    theirs: list[Operator],
) -> Weights:
    """(ours, theirs): how well each fits each; 0 where the shapes differ."""
    weights = np.zeros((len(ours), len(theirs)), np.int8)
    by_shape: dict[tuple[int, ...], list[int]] = {}
    for column, other in enumerate(theirs):
        by_shape.setdefault(quantized_model.tensors[other.outputs[0]].shape, []).append(column)
    for row, op in enumerate(ours):
        tensor = float_model.tensors[op.outputs[0]]
        for column in by_shape.get(tensor.shape, ()):
            other = theirs[column]
            is_same_name = quantized_model.tensors[other.outputs[0]].name == tensor.name
            is_same_work = other.name == op.name
            weights[row, column] = _SAME_NAME * is_same_name + _SAME_WORK * is_same_work
    return weights


def _best_common(
    weights: Weights,
) -> list[tuple[int, int]]:
    """(row, column) pairs, both increasing, whose weights add up to the most.

    Source: Needleman and Wunsch 1970, without a price for gaps.
    """
    rows, columns = weights.shape
    best = np.zeros((rows + 1, columns + 1), np.int64)
    for row in range(rows):
        # The best of "without this row" and "paired here", then of all columns further left.
        paired = np.where(weights[row] > 0, best[row, :-1] + weights[row], 0)
        best[row + 1, 1:] = np.maximum.accumulate(np.maximum(best[row, 1:], paired))
    pairs, row, column = [], rows, columns
    while row and column:
        if best[row, column] == best[row, column - 1]:
            column -= 1
        elif best[row, column] == best[row - 1, column]:
            row -= 1
        else:
            row, column = row - 1, column - 1
            pairs.append((row, column))
    return pairs[::-1]
