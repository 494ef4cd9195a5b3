"""Rules of normalization layers and others that hold one number per channel."""

from collections.abc import Sequence
from typing import Any

from edgevision.compress.graph.channels import CountRemaining, GraphBuilder
from edgevision.compress.graph.trace import Call
from edgevision.compress.rules.rule import Carried, Rule, is_plain, stop, unknown


def _vectors(*names: str) -> Rule:
    """Rule for a layer with these one-dimensional weights, one entry per channel each."""

    def rule(builder: GraphBuilder, call: Call, inputs: Sequence[Carried]) -> Sequence[Carried]:
        layer, [source] = call.operation, inputs
        if source is None:
            return [None]
        if not is_plain(layer) or _axes(call) not in (None, [source.axis]):
            return unknown(builder, call, inputs)
        for name in names:
            builder.index(layer, getattr(layer, name), 0, source.ids, "out")
        return [source]

    return rule


def _over_channels(*names: str) -> Rule:
    """Rule for a layer with these weights that takes its statistics over the channels.

    This is the one place where removing a channel is not the same as zeroing it: zeros would
    still be counted. Networks are fine-tuned with the channels gone, so gone they are here too.
    """

    def rule(builder: GraphBuilder, call: Call, inputs: Sequence[Carried]) -> Sequence[Carried]:
        layer, [source] = call.operation, inputs
        if source is None:
            return [None]
        axes = _axes(call)
        if axes is not None and source.axis not in axes:
            return [source]
        if axes != [source.axis]:
            return unknown(builder, call, inputs)
        for name in names:
            builder.index(layer, getattr(layer, name), 0, source.ids, "out")
        return [source]

    return rule


def _group_normalization(
    builder: GraphBuilder, call: Call, inputs: Sequence[Carried]
) -> Sequence[Carried]:
    """Groups are normalized apart from each other, so a group goes as a whole or not at all."""
    layer, [source] = call.operation, inputs
    if source is None:
        return [None]
    if _axes(call) != [source.axis]:
        return unknown(builder, call, inputs)
    # Once built, the layer has replaced -1 (a group per channel) by the number.
    groups = int(layer.groups)
    if groups == 1:
        why = f"{call.name} (GroupNormalization) has one group for all channels"
        return stop(builder, call, inputs, why)
    by_position = source.ids.reshape(groups, -1).T
    for other in by_position[1:]:
        builder.merge(by_position[0], other)
    for variable in (layer.gamma, layer.beta):
        builder.index(layer, variable, 0, source.ids, "out")
    firsts = by_position[0]

    def change(config: dict[str, Any], remaining: CountRemaining) -> None:
        config["groups"] = remaining(firsts)

    builder.resize(layer, change)
    return [source]


def _unit_normalization(
    builder: GraphBuilder, call: Call, inputs: Sequence[Carried]
) -> Sequence[Carried]:
    # Zeros add nothing to a sum of squares, so this one is exact.
    return inputs if _axes(call) is not None else unknown(builder, call, inputs)


def _prelu(builder: GraphBuilder, call: Call, inputs: Sequence[Carried]) -> Sequence[Carried]:
    layer, [source] = call.operation, inputs
    if source is None:
        return [None]
    # `alpha` has the input's shape without the batch, and 1 along axes that share a slope.
    if layer.alpha.shape[source.axis - 1] != 1 or len(source.ids) == 1:
        builder.index(layer, layer.alpha, source.axis - 1, source.ids, "out")
    return [source]


def _layer_scale(builder: GraphBuilder, call: Call, inputs: Sequence[Carried]) -> Sequence[Carried]:
    layer, [source] = call.operation, inputs
    if source is None:
        return [None]
    if source.axis != len(call.inputs[0].shape) - 1:
        return unknown(builder, call, inputs)
    builder.index(layer, layer.gamma, 0, source.ids, "out")
    ids = source.ids

    def change(config: dict[str, Any], remaining: CountRemaining) -> None:
        config["projection_dim"] = remaining(ids)

    builder.resize(layer, change)
    return [source]


def _preprocessing(
    builder: GraphBuilder, call: Call, inputs: Sequence[Carried]
) -> Sequence[Carried]:
    """Rescaling and Normalization: harmless with one number for all, or on the image itself."""
    layer, [source] = call.operation, inputs
    if source is None:
        return [None]
    numbers = [getattr(layer, name, None) for name in ("scale", "offset", "mean", "variance")]
    if any(_size(number) > 1 for number in numbers):
        why = f"{call.name} ({type(layer).__name__}) holds fixed numbers per channel"
        return stop(builder, call, inputs, why)
    return [source]


def _size(number: Any) -> int:
    shape = getattr(number, "shape", None)
    if shape is not None:
        size = 1
        for length in shape:
            size *= int(length)
        return size
    return len(number) if isinstance(number, list | tuple) else 1


def _axes(call: Call) -> list[int] | None:
    """The layer's `axis` counted from 0; None when it has no such setting."""
    axis = getattr(call.operation, "axis", None)
    if axis is None:
        return None
    rank = len(call.inputs[0].shape)
    return sorted(int(a) % rank for a in (axis if isinstance(axis, list | tuple) else [axis]))


NORMALIZE: dict[str, Rule] = {
    "layers.BatchNormalization": _vectors("gamma", "beta", "moving_mean", "moving_variance"),
    "layers.LayerNormalization": _over_channels("gamma", "beta"),
    "layers.RMSNormalization": _over_channels("scale"),
    "layers.GroupNormalization": _group_normalization,
    "layers.UnitNormalization": _unit_normalization,
    "layers.PReLU": _prelu,
    "layers.Rescaling": _preprocessing,
    "layers.Normalization": _preprocessing,
    "applications.LayerScale": _layer_scale,
}
