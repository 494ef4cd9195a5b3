"""Rules of the layers that make channels: convolutions of every kind, and Dense."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from edgevision.compress.channels import Channels, Ids, Kept, Ledger
from edgevision.compress.rules import (
    Carried,
    Rule,
    after_activation,
    channel_axis,
    is_plain,
    stop,
    unknown,
)
from edgevision.compress.trace import Call


def _conv(ledger: Ledger, call: Call, inputs: Sequence[Carried]) -> Sequence[Carried]:
    layer, axis = call.operation, channel_axis(call)
    if layer.groups > 1:
        return _grouped_conv(ledger, call, inputs)
    if not _reads(ledger, call, inputs, axis, layer.kernel, -2):
        return unknown(ledger, call, inputs)
    return _makes(ledger, call, axis, layer.kernel, -1)


def _conv_transpose(ledger: Ledger, call: Call, inputs: Sequence[Carried]) -> Sequence[Carried]:
    axis = channel_axis(call)
    # Laid out (..., made, read), the other way round than a convolution's.
    if not _reads(ledger, call, inputs, axis, call.operation.kernel, -1):
        return unknown(ledger, call, inputs)
    return _makes(ledger, call, axis, call.operation.kernel, -2)


def _grouped_conv(ledger: Ledger, call: Call, inputs: Sequence[Carried]) -> Sequence[Carried]:
    """Convolution whose groups each read their own share of the channels.

    The kernel holds (..., read per group, made). Every group must go on reading and making the
    same number, so position k of all groups lives and dies together, and the number of groups
    stays. Where a group reads a single channel, channel and group go together instead.
    """
    layer, axis = call.operation, channel_axis(call)
    [source] = inputs
    if not is_plain(layer) or (source is not None and source.axis != axis):
        return unknown(ledger, call, inputs)
    groups, made = int(layer.groups), int(layer.filters)
    read = source.ids if source is not None else ledger.fresh(int(call.inputs[0].shape[axis] or 0))
    if source is None:
        ledger.pin(read, f"read by {call.name} from what cannot shrink")
    if len(read) == groups:
        out = ledger.make(layer, made)
        ledger.merge(np.repeat(read, made // groups), out)
        ledger.index(layer, layer.kernel, -1, out, "out")
        ledger.index(layer, layer.bias, 0, out, "out")
        ledger.resize(layer, _filters_and_groups(out, read))
        return after_activation(ledger, call, out, axis)
    by_group = read.reshape(groups, -1)
    for other in by_group[1:]:
        ledger.merge(by_group[0], other)
    out = ledger.make(layer, made)
    for other in out.reshape(groups, -1)[1:]:
        ledger.merge(out[: made // groups], other)
    ledger.index(layer, layer.kernel, -2, by_group[0], "in")
    ledger.index(layer, layer.kernel, -1, out, "out")
    ledger.index(layer, layer.bias, 0, out, "out")
    ledger.resize(layer, _count("filters", out))
    return after_activation(ledger, call, out, axis)


def _depthwise(ledger: Ledger, call: Call, inputs: Sequence[Carried]) -> Sequence[Carried]:
    layer, axis = call.operation, channel_axis(call)
    [source] = inputs
    if source is None:
        return [None]
    if not is_plain(layer) or source.axis != axis:
        return unknown(ledger, call, inputs)
    out = np.repeat(source.ids, int(layer.depth_multiplier))
    ledger.index(layer, layer.kernel, -2, source.ids, "out")
    ledger.index(layer, layer.bias, 0, out, "out")
    return after_activation(ledger, call, out, axis)


def _separable(ledger: Ledger, call: Call, inputs: Sequence[Carried]) -> Sequence[Carried]:
    layer, axis = call.operation, channel_axis(call)
    [source] = inputs
    if not is_plain(layer) or (source is not None and source.axis != axis):
        return unknown(ledger, call, inputs)
    if source is not None:
        between = np.repeat(source.ids, int(layer.depth_multiplier))
        ledger.index(layer, layer.depthwise_kernel, -2, source.ids, "out")
        ledger.index(layer, layer.pointwise_kernel, -2, between, "in")
    return _makes(ledger, call, axis, layer.pointwise_kernel, -1)


def _dense(ledger: Ledger, call: Call, inputs: Sequence[Carried]) -> Sequence[Carried]:
    axis = len(call.inputs[0].shape) - 1
    [source] = inputs
    if source is not None and source.axis != axis:
        why = f"{call.name} (Dense) reads another axis than the channels"
        return stop(ledger, call, inputs, why)
    if not _reads(ledger, call, inputs, axis, call.operation.kernel, -2):
        return unknown(ledger, call, inputs)
    return _makes(ledger, call, axis, call.operation.kernel, -1, setting="units")


def _reads(
    ledger: Ledger, call: Call, inputs: Sequence[Carried], axis: int, kernel: Any, kernel_axis: int
) -> bool:
    """Index the kernel by the channels read; False when the layer is not as we know it."""
    [source] = inputs
    if not is_plain(call.operation) or (source is not None and source.axis != axis):
        return False
    if source is not None:
        ledger.index(call.operation, kernel, kernel_axis, source.ids, "in")
    return True


def _makes(
    ledger: Ledger, call: Call, axis: int, kernel: Any, kernel_axis: int, setting: str = "filters"
) -> Sequence[Carried]:
    layer = call.operation
    out = ledger.make(layer, int(kernel.shape[kernel_axis]))
    ledger.index(layer, kernel, kernel_axis, out, "out")
    ledger.index(layer, layer.bias, 0, out, "out")
    ledger.resize(layer, _count(setting, out))
    return after_activation(ledger, call, out, axis)


def _count(setting: str, ids: Ids) -> Any:
    def change(config: dict[str, Any], kept: Kept) -> None:
        config[setting] = kept(ids)

    return change


def _filters_and_groups(out: Ids, read: Ids) -> Any:
    def change(config: dict[str, Any], kept: Kept) -> None:
        config["filters"], config["groups"] = kept(out), kept(read)

    return change


WEIGHTED: dict[str, Rule] = {
    **{f"layers.Conv{n}D": _conv for n in (1, 2, 3)},
    **{f"layers.Conv{n}DTranspose": _conv_transpose for n in (1, 2, 3)},
    **{f"layers.DepthwiseConv{n}D": _depthwise for n in (1, 2)},
    **{f"layers.SeparableConv{n}D": _separable for n in (1, 2)},
    "layers.Dense": _dense,
}

