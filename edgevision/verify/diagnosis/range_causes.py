"""Suspicions against a layer's range: cut off, too wide, or set by somebody else."""

import numpy as np

from edgevision.tflite import ops
from edgevision.tflite.ops.kinds import kind_of, kinds
from edgevision.verify.diagnosis.cause import Diagnosis, not_from_output, share_of
from edgevision.verify.layers.layer_error import LayerError
from edgevision.verify.layers.network import Network, represented, step
from edgevision.verify.layers.rescaled import real_values

_WIDE, _FEW_LEVELS = 4.0, 16
"""A channel four times as wide as all others together costs them two bits; of 256 levels, fewer
than sixteen leave four bits."""
_FIXED_SCALE = frozenset(name for name, kind in kinds().items() if kind.scaling == "fixed")
"""Operations whose kernels prescribe their output's scale."""
_SUMS = frozenset({ops.ADD, ops.SUB, ops.CONCATENATION})
_ONE_SCALE = frozenset(
    {
        ops.CONCATENATION,
        ops.PAD,
        ops.MAX_POOL_2D,
        ops.AVERAGE_POOL_2D,
        ops.RESHAPE,
        ops.MAXIMUM,
        ops.MINIMUM,
    }
)
"""Operations whose inputs share their output's scale, so that a wide partner is felt upstream."""


def clipped(layer: LayerError, network: Network) -> Diagnosis | None:
    """The error lies at values that the integers cannot represent."""
    full, own = represented(network.output(layer)), float(layer.own.sum())
    # A kernel with a fixed scale has 255/256 for 1: that is no range that anyone chose.
    if full is None or own <= 0 or layer.pair.operation in _FIXED_SCALE:
        return None
    return Diagnosis(
        label="clipped range",
        weight=min(1.0, layer.clipped / own),
        detail=f"the integers span {full:.4g}, the float values {layer.width:.4g}; "
        f"{100 * min(1.0, layer.clipped / own):.0f} % of the error is what was cut off",
    )


def tiny_beside_wide(layer: LayerError, network: Network) -> Diagnosis | None:
    """A small range has a wide one's step."""
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
        return Diagnosis(
            label="tiny beside wide",
            weight=min(1.0, 1 - small / (2 * _FEW_LEVELS * one)),
            detail=f"{tiny} spans {small:.3g} beside {wide} with {large:.3g}: "
            f"{small / one:.1f} of the steps they share",
        )
    partner = _partner(layer, network)
    if partner is None or full < _WIDE * layer.width:
        return None
    return Diagnosis(
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


def outlier_channel(layer: LayerError, network: Network) -> Diagnosis | None:
    """One channel in sixteen or fewer spans four times what all others do."""
    full = represented(network.output(layer))
    widths = np.maximum(layer.high, 0) - np.minimum(layer.low, 0)
    if full is None or widths.size < 4:
        return _outlier_weights(layer, network)
    order = np.argsort(widths)[::-1]
    best: Diagnosis | None = None
    for count in range(1, max(1, widths.size // 16) + 1):
        rest = order[count:]
        without = max(0.0, float(layer.high[rest].max())) - min(0.0, float(layer.low[rest].min()))
        if without <= 0 or full < _WIDE * without or widths[order[0]] < full / 2:
            continue
        mask = np.ones(widths.size, bool)
        mask[order[:count]] = False
        weight = share_of(layer, mask) * (1 - (without / full) ** 2)
        if best is None or weight > best.weight:
            best = Diagnosis(
                label="outlier channel",
                weight=weight,
                detail=f"channel {int(order[0])} spans {widths[order[0]]:.3g}"
                + (f" and {count - 1} more are wide" if count > 1 else "")
                + f"; all others stay within {without:.3g} of the {full:.3g} represented",
            )
    return best or _outlier_weights(layer, network)


def _outlier_weights(layer: LayerError, network: Network) -> Diagnosis | None:
    """One scale for all weights, set by a channel far above the others."""
    op, twin = network.operator(layer), network.twin(layer)
    kind = kind_of(twin.name)
    if not kind.is_linear or len(network.quantized.tensors[twin.inputs[kind.weights]].scales) != 1:
        return None
    axis, weights = (
        kind.channel_axis,
        real_values(network.original.tensors[op.inputs[kind.weights]]),
    )
    if weights is None or weights.ndim <= axis:
        return None
    peaks = np.abs(weights).max(axis=tuple(a for a in range(weights.ndim) if a != axis))
    usual = float(np.median(peaks))
    if usual <= 0 or peaks.max() < 2 * _WIDE * usual:
        return None
    return Diagnosis(
        label="outlier channel",
        weight=not_from_output(layer, network),
        detail=f"all weights have one scale, set by channel {int(peaks.argmax())} with "
        f"{peaks.max():.3g}; the median channel has {usual:.3g}",
    )


def stretched(layer: LayerError, network: Network) -> Diagnosis | None:
    """Odd images have set the range."""
    full = represented(network.output(layer))
    if full is None or full < 2 * layer.mean_width or layer.pair.operation in _FIXED_SCALE:
        return None
    if _partner(layer, network) is not None:
        return None
    return Diagnosis(
        label="stretched range",
        weight=(1 - (layer.mean_width / full) ** 2) * (1 - not_from_output(layer, network)),
        detail=f"the integers span {full:.4g}, the values of an image {layer.mean_width:.4g} "
        f"on average",
    )
