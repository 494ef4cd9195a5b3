"""The dependency graph: which channels can be removed, and which are coupled to each.

Model: DepGraph (Fang et al., CVPR 2023, https://arxiv.org/abs/2301.12900), here for single
channels of Keras operations rather than for layers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgevision.compress.graph.channels import (
    ChannelIds,
    Channels,
    GraphBuilder,
    Resize,
    WeightAxis,
    Width,
)
from edgevision.compress.graph.trace import Call, SymbolicTensor, Trace
from edgevision.compress.rules.merge import MERGE
from edgevision.compress.rules.normalize import NORMALIZE
from edgevision.compress.rules.pass_through import PASS
from edgevision.compress.rules.rule import Carried, Rule, kind, unknown
from edgevision.compress.rules.shape import SHAPE
from edgevision.compress.rules.weighted import WEIGHTED
from edgevision.errors import UsageError

_OF_ONE_TENSOR: Mapping[str, Rule] = {**WEIGHTED, **NORMALIZE, **PASS, **SHAPE}


@dataclass(frozen=True, slots=True, kw_only=True)
class PruningGroup:
    """Removable channels of the same coupled layers: any of them may go instead of another."""

    layers: tuple[str, ...]
    """The layers that make them."""

    units: ChannelIds
    """What goes or stays as a whole, by channel number: usually one channel in each layer."""

    multiplicity: tuple[int, ...]
    """Channels that one unit takes in each of `layers`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerWidth:
    """How much of one layer's output can go."""

    layer: str
    channels: int
    removable: int
    reasons: tuple[str, ...]
    """Why the others stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelGraph:
    """What removing channels from a traced model means."""

    trace: Trace
    tensor_channels: Mapping[SymbolicTensor, Channels]
    """Channels of each tensor that has removable ones or meets them."""

    weight_axes: tuple[WeightAxis, ...]
    resizes: tuple[Resize, ...]
    widths: tuple[Width, ...]
    pruning_groups: tuple[PruningGroup, ...]
    roots: ChannelIds
    """(channels,) the representative of each channel: those that go together share it."""

    pins: Mapping[int, str]
    """Reason for each representative that has to stay."""

    def full_mask(self) -> NDArray[np.bool_]:
        """(channels,) the mask that removes nothing; set entries of `units` to False to remove."""
        return np.ones(len(self.roots), np.bool_)

    def mask_at(self, ids: ChannelIds, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """(len(ids),) which of the channels stay, given `mask` by representative."""
        found: NDArray[np.bool_] = mask[self.roots[ids]]
        return found

    def layer_widths(self) -> tuple[LayerWidth, ...]:
        """For each layer that makes channels, how many of them can go and why others cannot."""
        rows = []
        for width in self.widths:
            reasons = [self.pins.get(int(root)) for root in self.roots[width.ids]]
            rows.append(
                LayerWidth(
                    layer=str(width.operation.name),
                    channels=len(reasons),
                    removable=sum(reason is None for reason in reasons),
                    reasons=tuple(dict.fromkeys(r for r in reasons if r is not None)),
                )
            )
        return tuple(rows)


def build_graph(trace: Trace, *, keep: Sequence[str] = ()) -> ChannelGraph:
    """Walk through `trace` and find out which channels can be removed.

    Args:
        trace: Of the model.
        keep: Names or patterns ("block1_*") of layers whose output stays as wide as it is.

    Raises:
        UsageError: a pattern in `keep` matches no layer that makes channels.
    """
    builder = GraphBuilder()
    tensor_channels: dict[SymbolicTensor, Channels] = {}
    first_calls: dict[int, tuple[Call, list[Carried], list[Carried]]] = {}
    for call in trace.calls:
        inputs: list[Carried] = [tensor_channels.get(symbol) for symbol in call.inputs]
        before = first_calls.get(id(call.operation))
        if before is not None and _has_memory(builder, call.operation):
            outputs = _again(builder, call, inputs, before)
        else:
            outputs = list(_rule(call)(builder, call, inputs))
            first_calls.setdefault(id(call.operation), (call, inputs, outputs))
        tensor_channels.update(
            (symbol, carried)
            for symbol, carried in zip(call.outputs, outputs, strict=True)
            if carried is not None
        )
    for symbol in trace.output_symbols:
        if symbol in tensor_channels:
            builder.pin(tensor_channels[symbol].ids, "is an output of the model")
    _pin_patterns(builder, keep)
    roots = builder.roots()
    pins: dict[int, str] = {}
    for channel in sorted(builder.pins):
        pins.setdefault(int(roots[channel]), builder.pins[channel])
    return ChannelGraph(
        trace=trace,
        tensor_channels=tensor_channels,
        weight_axes=tuple(builder.weight_axes),
        resizes=tuple(builder.resizes),
        widths=tuple(builder.widths),
        pruning_groups=_pruning_groups(builder.widths, roots, pins),
        roots=roots,
        pins=pins,
    )


def _rule(call: Call) -> Rule:
    name = kind(call.operation) or ""
    if name in MERGE and len(call.outputs) == 1:
        return MERGE[name]
    if name in _OF_ONE_TENSOR and len(call.inputs) == len(call.outputs) == 1:
        return _OF_ONE_TENSOR[name]
    return unknown


def _has_memory(builder: GraphBuilder, operation: Any) -> bool:
    """Whether the operation holds something that a second use shares with the first."""
    return bool(getattr(operation, "weights", ())) or any(
        resize.operation is operation for resize in builder.resizes
    )


def _again(
    builder: GraphBuilder,
    call: Call,
    inputs: list[Carried],
    before: tuple[Call, list[Carried], list[Carried]],
) -> list[Carried]:
    """A layer used a second time reads and makes the very channels of its first use."""
    first, first_inputs, first_outputs = before
    # Weights fix how many channels there are; a layer without, such as Dropout, takes any number.
    alike = [_form(call, inputs), len(call.outputs)] == [
        _form(first, first_inputs),
        len(first.outputs),
    ]
    if not alike:
        for carried in (*inputs, *first_inputs, *first_outputs):
            if carried is not None:
                builder.pin(carried.ids, f"{call.name} is used on tensors that cannot shrink alike")
        return [None] * len(call.outputs)
    for source, earlier in zip(inputs, first_inputs, strict=True):
        if source is not None and earlier is not None:
            builder.merge(source.ids, earlier.ids)
    return list(first_outputs)


def _form(call: Call, inputs: list[Carried]) -> list[tuple[int, ...]]:
    """For each input its rank, and the axis and number of its channels."""
    return [
        (len(symbol.shape),)
        if source is None
        else (len(symbol.shape), source.axis, len(source.ids))
        for symbol, source in zip(call.inputs, inputs, strict=True)
    ]


def _pin_patterns(builder: GraphBuilder, keep: Sequence[str]) -> None:
    for pattern in keep:
        matching = [w for w in builder.widths if fnmatchcase(str(w.operation.name), pattern)]
        if not matching:
            some = ", ".join(str(w.operation.name) for w in builder.widths[:4])
            message = f"--keep {pattern} matches no layer that makes channels"
            raise UsageError(message, hint=f"layers that do: {some}, ...")
        for width in matching:
            builder.pin(width.ids, f"kept because it matches {pattern}")


def _pruning_groups(
    widths: Sequence[Width], roots: ChannelIds, pins: Mapping[int, str]
) -> tuple[PruningGroup, ...]:
    """Group the removable units by the layers they stand in and how often in each."""
    stands_in: dict[int, list[tuple[int, int]]] = {}
    for position, width in enumerate(widths):
        units, counts = np.unique(roots[width.ids], return_counts=True)
        for unit, count in zip(units.tolist(), counts.tolist(), strict=True):
            if unit not in pins:
                stands_in.setdefault(unit, []).append((position, count))
    groups: dict[tuple[tuple[int, int], ...], list[int]] = {}
    for unit, where in stands_in.items():
        groups.setdefault(tuple(where), []).append(unit)
    return tuple(
        PruningGroup(
            layers=tuple(str(widths[position].operation.name) for position, _ in where),
            units=np.array(sorted(units), np.int64),
            multiplicity=tuple(count for _, count in where),
        )
        for where, units in sorted(groups.items())
    )
