"""A suspicion against a layer, and how much of the layer's own error it accounts for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from edgevision.tflite import ops
from edgevision.verify.layers.layer_error import LayerError
from edgevision.verify.layers.network import Network, step

GATES: Mapping[str, float] = {ops.LOGISTIC: 8.0, ops.TANH: 4.0}
"""Operation -> beyond which input, up or down, its output is at an end to 1/256."""

Label = Literal[
    "bias overflow",
    "clipped range",
    "saturated gate",
    "dead channels",
    "tiny beside wide",
    "outlier channel",
    "stretched range",
    "rounding",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """A label, how much speaks for it, and the figures behind it in one sentence."""

    label: Label
    weight: float
    detail: str


def share_of(layer: LayerError, channels: NDArray[np.bool_]) -> float:
    """Part of the layer's own error that lies in `channels`, a mask."""
    total = float(layer.own.sum())
    return float(layer.own[channels].sum()) / total if total > 0 else 0.0


def not_from_output(layer: LayerError, network: Network) -> float:
    """Part of the own error that rounding to the output's step does not explain, 0 to 1."""
    one, own = step(network.output(layer)), float(layer.own.sum())
    if one is None or own <= 0:
        return 1.0
    # A rounding error is even over a step: its mean square is step^2 / 12. Values at zero behind
    # a ReLU have none, so this is the most that rounding explains.
    return max(0.0, 1 - layer.elements * one * one / 12 / own)


def channels_named(mask: NDArray[np.bool_]) -> str:
    """The channels of a mask in words: "channel 3" or "5 channels"."""
    which = np.flatnonzero(mask)
    return f"channel {which[0]}" if which.size == 1 else f"{which.size} channels"
