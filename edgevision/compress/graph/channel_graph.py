"""Which channels of a model can be removed, and what goes with each: the dependency graph.

Model: DepGraph (Fang et al., CVPR 2023, https://arxiv.org/abs/2301.12900), here for single
channels of Keras operations rather than for layers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgevision.compress.graph.channels import Channels, Ids, Ledger, Resize, Slot, Width
from edgevision.compress.graph.trace import Call, Trace, Wire
from edgevision.compress.rules.merge import MERGE
from edgevision.compress.rules.normalize import NORMALIZE
from edgevision.compress.rules.pass_through import PASS
from edgevision.compress.rules.rule import Carried, Rule, kind, unknown
from edgevision.compress.rules.shape import SHAPE
from edgevision.compress.rules.weighted import WEIGHTED
from edgevision.errors import UsageError

_OF_ONE_TENSOR: Mapping[str, Rule] = {**WEIGHTED, **NORMALIZE, **PASS, **SHAPE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """Removable channels that stand in the same layers: any of them may go instead of another."""

    layers: tuple[str, ...]
    """The layers that make them."""

    units: Ids
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
    wires: Mapping[Wire, Channels]
    """Channels of each tensor that has removable ones or meets them."""

    slots: tuple[Slot, ...]
    resizes: tuple[Resize, ...]
    widths: tuple[Width, ...]
    spaces: tuple[Space, ...]
    roots: Ids
    """(numbers,) the number that stands for each channel: those that go together share it."""

    pins: Mapping[int, str]
    """Reason for each standing number that has to stay."""

    def all_kept(self) -> NDArray[np.bool_]:
        """(numbers,) the choice that removes nothing; set entries of `units` to False to remove."""
        return np.ones(len(self.roots), np.bool_)

    def kept_at(self, ids: Ids, kept: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """(len(ids),) which of the channels stay, given `kept` by standing number."""
        found: NDArray[np.bool_] = kept[self.roots[ids]]
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
        trace: The model taken apart.
        keep: Names or patterns ("block1_*") of layers whose output stays as wide as it is.

    Raises:
        UsageError: a pattern in `keep` matches no layer that makes channels.
    """
    ledger = Ledger()
    wires: dict[Wire, Channels] = {}
    first_calls: dict[int, tuple[Call, list[Carried], list[Carried]]] = {}
    for call in trace.calls:
        inputs: list[Carried] = [wires.get(wire) for wire in call.inputs]
        before = first_calls.get(id(call.operation))
        if before is not None and _has_memory(ledger, call.operation):
            outputs = _again(ledger, call, inputs, before)
        else:
            outputs = list(_rule(call)(ledger, call, inputs))
            first_calls.setdefault(id(call.operation), (call, inputs, outputs))
        wires.update(
            (wire, carried)
            for wire, carried in zip(call.outputs, outputs, strict=True)
            if carried is not None
        )
    for wire in trace.output_wires:
        if wire in wires:
            ledger.pin(wires[wire].ids, "is an output of the model")
    _pin_patterns(ledger, keep)
    roots = ledger.roots()
    pins: dict[int, str] = {}
    for channel in sorted(ledger.pins):
        pins.setdefault(int(roots[channel]), ledger.pins[channel])
    return ChannelGraph(
        trace=trace,
        wires=wires,
        slots=tuple(ledger.slots),
        resizes=tuple(ledger.resizes),
        widths=tuple(ledger.widths),
        spaces=_spaces(ledger.widths, roots, pins),
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


def _has_memory(ledger: Ledger, operation: Any) -> bool:
    """Whether the operation holds something that a second use shares with the first."""
    return bool(getattr(operation, "weights", ())) or any(
        resize.operation is operation for resize in ledger.resizes
    )


def _again(
    ledger: Ledger,
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
                ledger.pin(carried.ids, f"{call.name} is used on tensors that cannot shrink alike")
        return [None] * len(call.outputs)
    for source, earlier in zip(inputs, first_inputs, strict=True):
        if source is not None and earlier is not None:
            ledger.merge(source.ids, earlier.ids)
    return list(first_outputs)


def _form(call: Call, inputs: list[Carried]) -> list[tuple[int, ...]]:
    """For each input its rank, and the axis and number of its channels."""
    return [
        (len(wire.shape),) if source is None else (len(wire.shape), source.axis, len(source.ids))
        for wire, source in zip(call.inputs, inputs, strict=True)
    ]


def _pin_patterns(ledger: Ledger, keep: Sequence[str]) -> None:
    for pattern in keep:
        matching = [w for w in ledger.widths if fnmatchcase(str(w.operation.name), pattern)]
        if not matching:
            some = ", ".join(str(w.operation.name) for w in ledger.widths[:4])
            message = f"--keep {pattern} matches no layer that makes channels"
            raise UsageError(message, hint=f"layers that do: {some}, ...")
        for width in matching:
            ledger.pin(width.ids, f"kept because it matches {pattern}")


def _spaces(widths: Sequence[Width], roots: Ids, pins: Mapping[int, str]) -> tuple[Space, ...]:
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
        Space(
            layers=tuple(str(widths[position].operation.name) for position, _ in where),
            units=np.array(sorted(units), np.int64),
            multiplicity=tuple(count for _, count in where),
        )
        for where, units in sorted(groups.items())
    )
