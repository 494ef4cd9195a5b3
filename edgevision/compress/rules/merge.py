"""Rules of operations with several inputs: sums, products, maxima, and concatenation."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from edgevision.compress.graph.channels import Channels, GraphBuilder
from edgevision.compress.graph.trace import Call, SymbolicTensor
from edgevision.compress.rules.rule import Carried, Rule, kind, stop, unknown


def _elementwise(builder: GraphBuilder, call: Call, inputs: Sequence[Carried]) -> Sequence[Carried]:
    """Channel i of every input meets channel i of the others: all live and die together.

    An input with one channel is spread over all channels of the others and has to stay. So have
    all, when one of the inputs has nothing removable.
    """
    [result] = call.outputs
    rank = len(result.shape)
    if _has_wide_constant(call):
        return unknown(builder, call, inputs)
    # Merge layers insert axes after the batch until ranks agree; functions align to the right,
    # batch and all, so that there different ranks mean something else.
    ranks = {len(symbol.shape) for symbol in call.inputs}
    is_layer = str(kind(call.operation)).startswith("layers.")
    if len(ranks) > 1 and not is_layer:
        return unknown(builder, call, inputs)

    carrying: list[Channels] = []
    others: list[SymbolicTensor] = []
    for symbol, source in zip(call.inputs, inputs, strict=True):
        if source is None:
            others.append(symbol)
            continue
        axis = source.axis + rank - len(symbol.shape)
        if len(source.ids) == 1 and result.shape[axis] != 1:
            builder.pin(source.ids, f"{call.name} spreads it over all channels")
        else:
            carrying.append(Channels(axis=axis, ids=source.ids))
    if not carrying:
        return [None]
    axis, ids = carrying[0].axis, carrying[0].ids
    if any(source.axis != axis for source in carrying):
        return stop(builder, call, inputs, f"{call.name} meets channels along another axis")
    for source in carrying[1:]:
        builder.merge(ids, source.ids)
    if any(_length(symbol, axis, rank) != 1 for symbol in others):
        builder.pin(ids, f"{call.name} meets channels that cannot shrink")
    return [Channels(axis=axis, ids=ids)]


def _has_wide_constant(call: Call) -> bool:
    leaves = keras.tree.flatten((call.args, call.kwargs))
    sizes = [int(np.size(leaf)) for leaf in leaves if _is_array(leaf)]
    return any(size > 1 for size in sizes)


def _is_array(leaf: Any) -> bool:
    return not isinstance(leaf, SymbolicTensor) and hasattr(leaf, "shape")


def _length(symbol: SymbolicTensor, axis: int, rank: int) -> int | None:
    """Length of `symbol` along `axis` of a result of `rank` axes; 1 where it has no such axis."""
    own = axis - (rank - len(symbol.shape))
    return symbol.shape[own] if own > 0 else 1


def _concatenate(builder: GraphBuilder, call: Call, inputs: Sequence[Carried]) -> Sequence[Carried]:
    rank = len(call.outputs[0].shape)
    along = int(call.operation.axis) % rank
    if along == 0:
        return unknown(builder, call, inputs)
    carrying = [source for source in inputs if source is not None]
    if not carrying:
        return [None]
    axis = carrying[0].axis
    if any(source.axis != axis for source in carrying):
        return stop(builder, call, inputs, f"{call.name} meets channels along another axis")
    if along == axis:
        return _joined(builder, call, inputs, axis)
    for source in carrying[1:]:
        builder.merge(carrying[0].ids, source.ids)
    if len(carrying) < len(inputs):
        return stop(builder, call, inputs, f"{call.name} meets channels that cannot shrink")
    return [carrying[0]]


def _joined(
    builder: GraphBuilder, call: Call, inputs: Sequence[Carried], axis: int
) -> Sequence[Carried]:
    """The channels of all inputs one after the other, those that cannot shrink with new numbers."""
    pieces = []
    for symbol, source in zip(call.inputs, inputs, strict=True):
        if source is not None:
            pieces.append(source.ids)
            continue
        length = symbol.shape[axis]
        if length is None:
            return unknown(builder, call, inputs)
        pieces.append(builder.fresh(length))
        builder.pin(pieces[-1], f"joined in {call.name} from what cannot shrink")
    return [Channels(axis=axis, ids=np.concatenate(pieces))]


_MERGES = ("Add", "Subtract", "Multiply", "Maximum", "Minimum", "Average")
_OPERATORS = ("Add", "Subtract", "Multiply", "Divide", "TrueDivide", "Maximum", "Minimum")

MERGE: dict[str, Rule] = {
    **{f"layers.{name}": _elementwise for name in _MERGES},
    **{f"ops.{name}": _elementwise for name in _OPERATORS},
    # Scales the second of two inputs by one number and adds the first.
    "applications.CustomScaleLayer": _elementwise,
    "layers.Concatenate": _concatenate,
    "ops.Concatenate": _concatenate,
}
