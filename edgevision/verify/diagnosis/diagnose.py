"""Why a layer of a quantized file is off, told from what was measured of it.

Each suspicion is given a weight from 0 to 1: the part of the layer's own error that it accounts
for, or would take away if it were mended. The heaviest above one half is the cause.
"""

from collections.abc import Callable

import numpy as np

from edgevision.tflite import ops
from edgevision.verify.diagnosis.cause import (
    GATES,
    Diagnosis,
    channels_named,
    not_from_output,
    share_of,
)
from edgevision.verify.diagnosis.range_causes import (
    clipped,
    outlier_channel,
    stretched,
    tiny_beside_wide,
)
from edgevision.verify.layers.layer_error import LayerError
from edgevision.verify.layers.network import Network, represented, step
from edgevision.verify.layers.rescaled import real_values

_SURE = 0.5
_GATE_LEVELS = 64


def diagnose(layer: LayerError, network: Network) -> Diagnosis:
    """The heaviest suspicion, or plain rounding."""
    found = [cause for look in _SUSPICIONS if (cause := look(layer, network)) is not None]
    sure = [cause for cause in found if cause.weight >= _SURE]
    return max(sure, key=lambda cause: cause.weight) if sure else _rounding(layer, network)


def _bias_overflow(layer: LayerError, network: Network) -> Diagnosis | None:
    op, twin = network.operator(layer), network.twin(layer)
    if twin.name not in ops.CONVOLUTIONS | {ops.FULLY_CONNECTED} or len(op.inputs) < 3:
        return None
    bias = real_values(network.original.tensors[op.inputs[2]]) if op.inputs[2] >= 0 else None
    weights = network.quantized.tensors[twin.inputs[1]]
    read = step(network.quantized.tensors[twin.inputs[0]])
    if bias is None or read is None or not weights.scales:
        return None
    integers = np.abs(bias) / (read * np.resize(np.asarray(weights.scales), bias.shape))
    over = integers > 2.0**31 - 1
    if not over.any():
        return None
    return Diagnosis(
        label="bias overflow",
        weight=share_of(layer, over),
        detail=f"the bias of {channels_named(over)} needs up to {integers.max():.1e} steps; "
        f"int32 ends at 2.1e+09",
    )


def _saturated_gate(layer: LayerError, network: Network) -> Diagnosis | None:
    """The layer is a gate, or writes what a gate reads, in steps too coarse for where it moves."""
    gates = [layer, *network.readers(layer)]
    for gate in (one for one in gates if one.pair.operation in GATES):
        bound = GATES[gate.pair.operation]
        read = step(network.quantized.tensors[network.twin(gate).inputs[0]])
        levels = 2 * bound / read if read else _GATE_LEVELS
        if levels < _GATE_LEVELS and gate.ends >= _SURE:
            return Diagnosis(
                label="saturated gate",
                weight=gate.ends,
                detail=f"{100 * gate.ends:.0f} % of the values of {gate.pair.operation} are at "
                f"an end, and {levels:.0f} levels are left for the {2 * bound:g} in which it moves",
            )
    return None


def _dead_channels(layer: LayerError, network: Network) -> Diagnosis | None:
    if represented(network.output(layer)) is None:
        return None
    dead = layer.stored_low == layer.stored_high
    if not dead.any() or dead.all():
        return None
    moving = dead & (layer.high > layer.low)
    return Diagnosis(
        label="dead channels",
        weight=share_of(layer, dead),
        detail=f"{channels_named(dead)} of {dead.size} hold one integer on all images; in float "
        f"{int(moving.sum())} of them move",
    )


def _rounding(layer: LayerError, network: Network) -> Diagnosis:
    weights = not_from_output(layer, network)
    return Diagnosis(
        label="rounding",
        weight=1.0,
        detail=f"no single culprit: {100 * (1 - weights):.0f} % of its own error is the step of "
        f"its output, the rest its weights and bias",
    )


_SUSPICIONS: tuple[Callable[[LayerError, Network], Diagnosis | None], ...] = (
    _bias_overflow,
    clipped,
    _saturated_gate,
    _dead_channels,
    tiny_beside_wide,
    outlier_channel,
    stretched,
)
