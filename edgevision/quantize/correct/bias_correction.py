"""Taking the mean error of rounded weights and activations out of the bias.

Source: Nagel et al. 2019, https://arxiv.org/abs/1906.04721, section 4.2 and appendix D: layer by
layer, upstream first, each with the outputs of the integer prefix as its input. Here the median
over images, not the mean: what one odd image loses to clipping must not move all others.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgevision.quantize.correct.mean_inputs import mean_response
from edgevision.tflite.graph import Operator


def bias_shift(
    op: Operator,
    *,
    weights: NDArray[Any],
    rounded: NDArray[Any],
    patches: NDArray[Any],
    integer_patches: NDArray[Any],
) -> NDArray[np.float64]:
    """What to add to the bias so that the typical image's mean output is the float model's.

    Args:
        op: the layer.
        weights: its float weights.
        rounded: the real values of its integer weights.
        patches: mean patches of the float model's input, (images, taps..., channels).
        integer_patches: the same of the input the integer model really has.

    Returns:
        One number per output channel.
    """
    wanted = mean_response(op, weights, patches)
    got = mean_response(op, rounded, integer_patches)
    shift: NDArray[np.float64] = np.median(wanted - got, axis=0)
    return shift
