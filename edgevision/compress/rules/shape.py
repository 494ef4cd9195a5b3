"""Rules of operations that only lay the same numbers out differently: Flatten, Reshape, Permute.

The channel number of every element is worked out by doing to an array of numbers what the
operation does to the tensor. That is how Dense after Flatten knows which of its thousands of
inputs belong to one channel.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgevision.compress.graph.channels import ChannelIds, Channels, CountRemaining, GraphBuilder
from edgevision.compress.graph.trace import Call
from edgevision.compress.rules.rule import Carried, Rule, stop, unknown


def _flatten(builder: GraphBuilder, call: Call, inputs: Sequence[Carried]) -> Sequence[Carried]:
    # Flatten turns channels_first tensors around first.
    if getattr(call.operation, "data_format", None) == "channels_first":
        return unknown(builder, call, inputs)
    return _relaid(builder, call, inputs)


def _reshape(builder: GraphBuilder, call: Call, inputs: Sequence[Carried]) -> Sequence[Carried]:
    [result] = _relaid(builder, call, inputs)
    if result is not None:
        shape, axis, ids = call.outputs[0].shape, result.axis, result.ids

        def change(config: dict[str, Any], remaining: CountRemaining) -> None:
            is_layer = "target_shape" in config
            name, before = ("target_shape", 1) if is_layer else ("newshape", 0)
            target = list(config[name])
            # One -1 may stand for any axis: with the others' lengths given it stays right.
            filled = [
                length if asked != -1 else -1
                for asked, length in zip(target, shape[before:], strict=True)
            ]
            if filled[axis - before] != -1:
                filled[axis - before] = remaining(ids)
            if not is_layer:
                filled[0] = target[0]
            config[name] = tuple(filled)

        builder.resize(call.operation, change)
    return [result]


def _relaid(builder: GraphBuilder, call: Call, inputs: Sequence[Carried]) -> Sequence[Carried]:
    """Row-major reshape of everything after the batch."""
    [source] = inputs
    if source is None:
        return [None]
    before, after = call.inputs[0].shape, call.outputs[0].shape
    last = len(before) - 1
    if source.axis == last and after[-1] == before[-1] and None in before[1:]:
        return [Channels(axis=len(after) - 1, ids=source.ids)]
    if after[0] is not None or None in before[1:] or None in after[1:]:
        why = f"{call.name} reshapes a tensor whose size is not fixed"
        return stop(builder, call, inputs, why)
    full = _spread(source, before)
    return _along_one_axis(builder, call, inputs, full.reshape([n or 0 for n in after[1:]]))


def _permuted(builder: GraphBuilder, call: Call, inputs: Sequence[Carried]) -> Sequence[Carried]:
    [source] = inputs
    if source is None:
        return [None]
    rank = len(call.inputs[0].shape)
    if hasattr(call.operation, "dims"):
        order = [0, *(int(d) for d in call.operation.dims)]
    else:
        axes = getattr(call.operation, "axes", None)
        order = [int(a) % rank for a in (axes if axes is not None else range(rank)[::-1])]
    if order[0] != 0:
        return unknown(builder, call, inputs)
    return [Channels(axis=order.index(source.axis), ids=source.ids)]


def _inserted_or_dropped(
    builder: GraphBuilder, call: Call, inputs: Sequence[Carried]
) -> Sequence[Carried]:
    """ExpandDims and Squeeze: axes of length 1 come and go around the channel axis."""
    [source] = inputs
    if source is None:
        return [None]
    rank, rank_after = len(call.inputs[0].shape), len(call.outputs[0].shape)
    axis = call.operation.axis
    if axis is None:
        return unknown(builder, call, inputs)
    longer = max(rank, rank_after)
    touched = {int(a) % longer for a in (axis if isinstance(axis, list | tuple) else [axis])}
    if 0 in touched:
        return unknown(builder, call, inputs)
    if rank_after > rank:
        stay = [a for a in range(rank_after) if a not in touched]
        return [Channels(axis=stay[source.axis], ids=source.ids)]
    if source.axis in touched:
        return stop(builder, call, inputs, f"{call.name} drops the channel axis")
    gone = sum(a < source.axis for a in touched)
    return [Channels(axis=source.axis - gone, ids=source.ids)]


def _spread(source: Channels, shape: tuple[int | None, ...]) -> NDArray[np.int64]:
    """The channel number of every element of one example."""
    column = [1] * (len(shape) - 1)
    column[source.axis - 1] = -1
    return np.broadcast_to(source.ids.reshape(column), [n or 0 for n in shape[1:]])


def _along_one_axis(
    builder: GraphBuilder, call: Call, inputs: Sequence[Carried], full: NDArray[np.int64]
) -> Sequence[Carried]:
    for axis in reversed(range(full.ndim)):
        line: ChannelIds = full[tuple(slice(None) if a == axis else 0 for a in range(full.ndim))]
        column = [1] * full.ndim
        column[axis] = -1
        if np.array_equal(np.broadcast_to(line.reshape(column), full.shape), full):
            return [Channels(axis=axis + 1, ids=line.copy())]
    return stop(builder, call, inputs, f"{call.name} spreads the channels over several axes")


SHAPE: dict[str, Rule] = {
    "layers.Flatten": _flatten,
    "layers.Reshape": _reshape,
    "layers.Permute": _permuted,
    "ops.Reshape": _reshape,
    "ops.Transpose": _permuted,
    "ops.ExpandDims": _inserted_or_dropped,
    "ops.Squeeze": _inserted_or_dropped,
}
