"""Rules of the layers that make channels: convolutions of every kind, and Dense."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from edgevision.compress.graph.channels import ChannelIds, CountRemaining, GraphBuilder
from edgevision.compress.graph.trace import Call
from edgevision.compress.rules.rule import (
    Carried,
    Rule,
    after_activation,
    channel_axis,
    is_plain,
    stop,
    unknown,
)


def _conv(builder: GraphBuilder, call: Call, inputs: Sequence[Carried]) -> Sequence[Carried]:
    if call.operation.groups > 1:
        return _grouped_conv(builder, call, inputs)
    return _mixed(builder, call, inputs, call.operation.kernel, kernel_axes=(-2, -1))


def _conv_transpose(
    builder: GraphBuilder, call: Call, inputs: Sequence[Carried]
) -> Sequence[Carried]:
    # Laid out (..., made, read), the other way round than a convolution's.
    return _mixed(builder, call, inputs, call.operation.kernel, kernel_axes=(-1, -2))


def _grouped_conv(
    builder: GraphBuilder, call: Call, inputs: Sequence[Carried]
) -> Sequence[Carried]:
    """Convolution whose groups each read their own share of the channels.

    The kernel holds (..., read per group, made). Every group must go on reading and making the
    same number, so position k of all groups lives and dies together, and the number of groups
    stays. Where a group reads a single channel, channel and group go together instead.
    """
    layer, axis = call.operation, channel_axis(call)
    [source] = inputs
    if not is_plain(layer) or (source is not None and source.axis != axis):
        return unknown(builder, call, inputs)
    groups, made = int(layer.groups), int(layer.filters)
    read = source.ids if source is not None else builder.fresh(int(call.inputs[0].shape[axis] or 0))
    if source is None:
        builder.pin(read, f"read by {call.name} from what cannot shrink")
    if len(read) == groups:
        out = builder.make(layer, made)
        builder.merge(np.repeat(read, made // groups), out)
        builder.index(layer, layer.kernel, -1, out, "out")
        builder.index(layer, layer.bias, 0, out, "out")
        builder.resize(layer, _filters_and_groups(out, read))
        return after_activation(builder, call, out, axis)
    by_group = read.reshape(groups, -1)
    for other in by_group[1:]:
        builder.merge(by_group[0], other)
    out = builder.make(layer, made)
    for other in out.reshape(groups, -1)[1:]:
        builder.merge(out[: made // groups], other)
    builder.index(layer, layer.kernel, -2, by_group[0], "in")
    builder.index(layer, layer.kernel, -1, out, "out")
    builder.index(layer, layer.bias, 0, out, "out")
    builder.resize(layer, _count("filters", out))
    return after_activation(builder, call, out, axis)


def _depthwise(builder: GraphBuilder, call: Call, inputs: Sequence[Carried]) -> Sequence[Carried]:
    layer, axis = call.operation, channel_axis(call)
    [source] = inputs
    if source is None:
        return [None]
    if not is_plain(layer) or source.axis != axis:
        return unknown(builder, call, inputs)
    out = np.repeat(source.ids, int(layer.depth_multiplier))
    builder.index(layer, layer.kernel, -2, source.ids, "out")
    builder.index(layer, layer.bias, 0, out, "out")
    return after_activation(builder, call, out, axis)


def _separable(builder: GraphBuilder, call: Call, inputs: Sequence[Carried]) -> Sequence[Carried]:
    layer, axis = call.operation, channel_axis(call)
    [source] = inputs
    if not is_plain(layer) or (source is not None and source.axis != axis):
        return unknown(builder, call, inputs)
    if source is not None:
        between = np.repeat(source.ids, int(layer.depth_multiplier))
        builder.index(layer, layer.depthwise_kernel, -2, source.ids, "out")
        builder.index(layer, layer.pointwise_kernel, -2, between, "in")
    return _made(builder, call, layer.pointwise_kernel, kernel_axis=-1)


def _dense(builder: GraphBuilder, call: Call, inputs: Sequence[Carried]) -> Sequence[Carried]:
    [source] = inputs
    if source is not None and source.axis != len(call.inputs[0].shape) - 1:
        why = f"{call.name} (Dense) reads another axis than the channels"
        return stop(builder, call, inputs, why)
    return _mixed(builder, call, inputs, call.operation.kernel, kernel_axes=(-2, -1))


def _mixed(
    builder: GraphBuilder,
    call: Call,
    inputs: Sequence[Carried],
    kernel: Any,
    *,
    kernel_axes: tuple[int, int],
) -> Sequence[Carried]:
    """Rule for a kernel that mixes all channels read, on one of its axes, into each one made."""
    [source] = inputs
    layer = call.operation
    if not is_plain(layer) or (source is not None and source.axis != channel_axis(call)):
        return unknown(builder, call, inputs)
    if source is not None:
        builder.index(layer, kernel, kernel_axes[0], source.ids, "in")
    return _made(builder, call, kernel, kernel_axis=kernel_axes[1])


def _made(builder: GraphBuilder, call: Call, kernel: Any, *, kernel_axis: int) -> Sequence[Carried]:
    layer = call.operation
    out = builder.make(layer, int(kernel.shape[kernel_axis]))
    builder.index(layer, kernel, kernel_axis, out, "out")
    builder.index(layer, layer.bias, 0, out, "out")
    builder.resize(layer, _count("units" if hasattr(layer, "units") else "filters", out))
    return after_activation(builder, call, out, channel_axis(call))


def _count(setting: str, ids: ChannelIds) -> Any:
    def change(config: dict[str, Any], remaining: CountRemaining) -> None:
        config[setting] = remaining(ids)

    return change


def _filters_and_groups(out: ChannelIds, read: ChannelIds) -> Any:
    def change(config: dict[str, Any], remaining: CountRemaining) -> None:
        config["filters"], config["groups"] = remaining(out), remaining(read)

    return change


WEIGHTED: dict[str, Rule] = {
    **{f"layers.Conv{n}D": _conv for n in (1, 2, 3)},
    **{f"layers.Conv{n}DTranspose": _conv_transpose for n in (1, 2, 3)},
    **{f"layers.DepthwiseConv{n}D": _depthwise for n in (1, 2)},
    **{f"layers.SeparableConv{n}D": _separable for n in (1, 2)},
    "layers.Dense": _dense,
}
