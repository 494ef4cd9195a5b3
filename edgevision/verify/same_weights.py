"""Whether a quantized file was made from a given float file: their weights point the same way."""

from collections.abc import Sequence

import numpy as np

from edgevision.tflite.ops.kinds import kind_of
from edgevision.tflite.view import TfliteModel
from edgevision.verify.layers.align import AlignedOperators
from edgevision.verify.layers.rescaled import real_values


def weight_likeness(
    original: TfliteModel, quantized: TfliteModel, pairs: Sequence[AlignedOperators]
) -> float | None:
    """Median over all output channels of the cosine between their weights in both files.

    Near 1 for a quantized copy, whatever its channels were scaled by; near 0 for a network of
    other weights. None when no layer has weights to compare.
    """
    cosines = [np.zeros(0)]
    for pair in pairs:
        op = original.operators[pair.float_operator]
        twin = quantized.operators[pair.quantized_operator]
        kind = kind_of(op.name)
        if not kind.is_linear or twin.name != op.name:
            continue
        ours = real_values(original.tensors[op.inputs[kind.weights]])
        theirs = real_values(quantized.tensors[twin.inputs[kind.weights]])
        if ours is None or theirs is None or ours.shape != theirs.shape:
            continue
        axes = tuple(a for a in range(ours.ndim) if a != kind.channel_axis)
        length = np.sqrt((ours * ours).sum(axes) * (theirs * theirs).sum(axes))
        alive = length > 0
        cosines.append((ours * theirs).sum(axes)[alive] / length[alive])
    together = np.concatenate(cosines)
    return float(np.median(together)) if together.size else None
