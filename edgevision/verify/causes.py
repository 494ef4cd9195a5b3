"""Why a layer of a quantized file is off, told from what was measured of it.

Each suspicion is given a weight from 0 to 1: the part of the layer's own error that it accounts
for, or would take away if it were mended. The heaviest above one half is the cause.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from edgevision.verify.layer_error import LayerError
from edgevision.verify.network import Network, represented, step
from edgevision.verify.rescaled import real_values

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

_SURE = 0.5
_WIDE, _FEW_LEVELS = 4.0, 16
"""A channel four times as wide as all others together costs them two bits; of 256 levels, fewer
than sixteen leave four bits."""
GATES: Mapping[str, float] = {"LOGISTIC": 8.0, "TANH": 4.0}
"""Operation -> beyond which input, up or down, its output is at an end to 1/256."""
_GATE_LEVELS = 64
_FIXED_SCALE = frozenset({*GATES, "SOFTMAX", "LOG_SOFTMAX", "L2_NORMALIZATION"})
"""Operations whose kernels prescribe their output's scale."""
_SUMS = frozenset({"ADD", "SUB", "CONCATENATION"})
_ONE_SCALE = frozenset(
    {"CONCATENATION", "PAD", "MAX_POOL_2D", "AVERAGE_POOL_2D", "RESHAPE", "MAXIMUM", "MINIMUM"}
)
"""Operations whose inputs share their output's scale, so that a wide partner is felt upstream."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """A label, how much speaks for it, and the figures behind it in one sentence."""

    label: Label
    weight: float
    detail: str


def cause_of(layer: LayerError, network: Network) -> Cause:
    """The heaviest suspicion, or plain rounding."""
    found = [cause for look in _SUSPICIONS if (cause := look(layer, network)) is not None]
    sure = [cause for cause in found if cause.weight >= _SURE]
    return max(sure, key=lambda cause: cause.weight) if sure else _rounding(layer, network)


def _bias_overflow(layer: LayerError, network: Network) -> Cause | None:
    op, twin = network.operator(layer), network.twin(layer)
    if twin.name not in {"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"} or len(op.inputs) < 3:
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
    return Cause(
        label="bias overflow",
        weight=_share(layer, over),
        detail=f"the bias of {_channels(over)} needs up to {integers.max():.1e} steps; "
        f"int32 ends at 2.1e+09",
    )


def _clipped(layer: LayerError, network: Network) -> Cause | None:
    full, own = represented(network.output(layer)), float(layer.own.sum())
    # A kernel with a fixed scale has 255/256 for 1: that is no range that anyone chose.
    if full is None or own <= 0 or layer.pair.operation in _FIXED_SCALE:
        return None
    return Cause(
        label="clipped range",
        weight=min(1.0, layer.clipped / own),
        detail=f"the integers span {full:.4g}, the float values {layer.width:.4g}; "
        f"{100 * min(1.0, layer.clipped / own):.0f} % of the error is what was cut off",
    )


def _saturated_gate(layer: LayerError, network: Network) -> Cause | None:
    """The layer is a gate, or writes what a gate reads, in steps too coarse for where it moves."""
    gates = [layer, *network.readers(layer)]
    for gate in (one for one in gates if one.pair.operation in GATES):
        bound = GATES[gate.pair.operation]
        read = step(network.quantized.tensors[network.twin(gate).inputs[0]])
        levels = 2 * bound / read if read else _GATE_LEVELS
        if levels < _GATE_LEVELS and gate.ends >= _SURE:
            return Cause(
                label="saturated gate",
                weight=gate.ends,
                detail=f"{100 * gate.ends:.0f} % of the values of {gate.pair.operation} are at "
                f"an end, and {levels:.0f} levels are left for the {2 * bound:g} in which it moves",
            )
    return None


def _dead_channels(layer: LayerError, network: Network) -> Cause | None:
    if represented(network.output(layer)) is None:
        return None
    dead = layer.stored_low == layer.stored_high
    if not dead.any() or dead.all():
        return None
    moving = dead & (layer.high > layer.low)
    return Cause(
        label="dead channels",
        weight=_share(layer, dead),
        detail=f"{_channels(dead)} of {dead.size} hold one integer on all images; in float "
        f"{int(moving.sum())} of them move",
    )


def _tiny_beside_wide(layer: LayerError, network: Network) -> Cause | None:
    full, one = represented(network.output(layer)), step(network.output(layer))
    if full is None or one is None:
        return None
    if layer.pair.operation in _SUMS:
        widths = {source.pair.layer: source.width for source in network.sources(layer)}
        if len(widths) < 2:
            return None
        (tiny, small), (wide, large) = (
            pick(widths.items(), key=lambda item: item[1]) for pick in (min, max)
        )
        if not 0 < small < _FEW_LEVELS * one or large < _FEW_LEVELS * small:
            return None
        return Cause(
            label="tiny beside wide",
            weight=min(1.0, 1 - small / (2 * _FEW_LEVELS * one)),
            detail=f"{tiny} spans {small:.3g} beside {wide} with {large:.3g}: "
            f"{small / one:.1f} of the steps they share",
        )
    partner = _partner(layer, network)
    if partner is None or full < _WIDE * layer.width:
        return None
    return Cause(
        label="tiny beside wide",
        weight=1 - (layer.width / full) ** 2,
        detail=f"it spans {layer.width:.3g} but shares the scale of {partner.pair.layer} "
        f"with {partner.width:.3g}",
    )


def _partner(layer: LayerError, network: Network) -> LayerError | None:
    """The wide layer whose scale it shares, through its own operation or those downstream."""
    full = represented(network.output(layer))
    if layer.pair.operation in _ONE_SCALE:
        wide = [one for one in network.sources(layer) if full and one.width > full / _WIDE]
        if wide:
            return max(wide, key=lambda one: one.width)
    tensors = {layer.pair.float_tensor}
    for op in network.original.operators:
        if op.name not in _ONE_SCALE or not tensors & set(op.inputs):
            continue
        beside = [network.layers[t] for t in op.inputs if t in network.layers]
        wide = [one for one in beside if full and one.width > full / _WIDE]
        if wide:
            return max(wide, key=lambda one: one.width)
        tensors |= set(op.outputs)
    return None


def _outlier_channel(layer: LayerError, network: Network) -> Cause | None:
    full = represented(network.output(layer))
    widths = np.maximum(layer.high, 0) - np.minimum(layer.low, 0)
    if full is None or widths.size < 4:
        return _outlier_weights(layer, network)
    order = np.argsort(widths)[::-1]
    best: Cause | None = None
    for count in range(1, max(1, widths.size // 16) + 1):
        rest = order[count:]
        without = max(0.0, float(layer.high[rest].max())) - min(0.0, float(layer.low[rest].min()))
        if without <= 0 or full < _WIDE * without or widths[order[0]] < full / 2:
            continue
        mask = np.ones(widths.size, bool)
        mask[order[:count]] = False
        weight = _share(layer, mask) * (1 - (without / full) ** 2)
        if best is None or weight > best.weight:
            best = Cause(
                label="outlier channel",
                weight=weight,
                detail=f"channel {int(order[0])} spans {widths[order[0]]:.3g}"
                + (f" and {count - 1} more are wide" if count > 1 else "")
                + f"; all others stay within {without:.3g} of the {full:.3g} represented",
            )
    return best or _outlier_weights(layer, network)


def _outlier_weights(layer: LayerError, network: Network) -> Cause | None:
    """One scale for all weights, set by a channel far above the others."""
    op, twin = network.operator(layer), network.twin(layer)
    axis = {"CONV_2D": 0, "FULLY_CONNECTED": 0, "DEPTHWISE_CONV_2D": 3}.get(twin.name)
    if axis is None or len(network.quantized.tensors[twin.inputs[1]].scales) != 1:
        return None
    weights = real_values(network.original.tensors[op.inputs[1]])
    if weights is None or weights.ndim <= axis:
        return None
    peaks = np.abs(weights).max(axis=tuple(a for a in range(weights.ndim) if a != axis))
    usual = float(np.median(peaks))
    if usual <= 0 or peaks.max() < 2 * _WIDE * usual:
        return None
    return Cause(
        label="outlier channel",
        weight=not_from_output(layer, network),
        detail=f"all weights have one scale, set by channel {int(peaks.argmax())} with "
        f"{peaks.max():.3g}; the median channel has {usual:.3g}",
    )


def _stretched(layer: LayerError, network: Network) -> Cause | None:
    full = represented(network.output(layer))
    if full is None or full < 2 * layer.mean_width or layer.pair.operation in _FIXED_SCALE:
        return None
    if _partner(layer, network) is not None:
        return None
    return Cause(
        label="stretched range",
        weight=(1 - (layer.mean_width / full) ** 2) * (1 - not_from_output(layer, network)),
        detail=f"the integers span {full:.4g}, the values of an image {layer.mean_width:.4g} "
        f"on average",
    )


def _rounding(layer: LayerError, network: Network) -> Cause:
    weights = not_from_output(layer, network)
    return Cause(
        label="rounding",
        weight=1.0,
        detail=f"no single culprit: {100 * (1 - weights):.0f} % of its own error is the step of "
        f"its output, the rest its weights and bias",
    )


_SUSPICIONS: tuple[Callable[[LayerError, Network], Cause | None], ...] = (
    _bias_overflow,
    _clipped,
    _saturated_gate,
    _dead_channels,
    _tiny_beside_wide,
    _outlier_channel,
    _stretched,
)


def _share(layer: LayerError, channels: NDArray[np.bool_]) -> float:
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


def _channels(mask: NDArray[np.bool_]) -> str:
    which = np.flatnonzero(mask)
    return f"channel {which[0]}" if which.size == 1 else f"{which.size} channels"
