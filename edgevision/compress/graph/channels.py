"""Channels as numbers, and the builder of the dependency graph that couples them.

Every channel that a layer makes gets a number. Adding two tensors makes channel i of one and
channel i of the other live and die together, so their numbers are merged (union-find). A channel
that something needs as it is gets pinned, with the reason.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from edgevision.disjoint_sets import DisjointSets

ChannelIds: TypeAlias = NDArray[np.int64]
"""(n,) channels by number along one axis of a tensor or a weight; one may occur repeatedly."""

Role: TypeAlias = Literal["in", "out"]
"""Whether a weight's axis counts the channels a layer reads or those it makes."""

CountRemaining: TypeAlias = Callable[[ChannelIds], int]
"""How many of the channels are still there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channels:
    """The channels of one tensor and the axis that counts them."""

    axis: int
    """Counted from 0, the batch; never negative."""

    ids: ChannelIds


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightAxis:
    """One axis of one weight of a layer, indexed by channels."""

    operation: Any
    weight: int
    """Position in `operation.weights`."""

    axis: int
    ids: ChannelIds
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Width:
    """The channels that one layer makes."""

    operation: Any
    ids: ChannelIds


@dataclass(frozen=True, slots=True, kw_only=True)
class Resize:
    """How an operation's configuration follows when channels go."""

    operation: Any
    change: Callable[[dict[str, Any], CountRemaining], None]


@dataclass(slots=True)
class GraphBuilder:
    """Collects what the rules find while a model is walked through."""

    weight_axes: list[WeightAxis] = field(default_factory=list)
    widths: list[Width] = field(default_factory=list)
    resizes: list[Resize] = field(default_factory=list)
    pins: dict[int, str] = field(default_factory=dict)
    """Reason by channel number; the first reason stays."""

    _together: DisjointSets = field(default_factory=DisjointSets)

    def make(self, operation: Any, count: int) -> ChannelIds:
        """`count` new channels, made by `operation`."""
        ids = self.fresh(count)
        self.widths.append(Width(operation=operation, ids=ids))
        return ids

    def fresh(self, count: int) -> ChannelIds:
        """`count` new channel numbers that belong to no layer's width."""
        first = self._together.add(count)
        return np.arange(first, first + count, dtype=np.int64)

    def merge(self, one: ChannelIds, other: ChannelIds) -> None:
        """Let channel i of `one` and of `other` live and die together; the lengths are equal."""
        for left, right in zip(one.tolist(), other.tolist(), strict=True):
            self._together.join(left, right)

    def pin(self, ids: ChannelIds, reason: str) -> None:
        """Keep these channels as they are."""
        for channel in ids.tolist():
            self.pins.setdefault(channel, reason)

    def index(self, operation: Any, variable: Any, axis: int, ids: ChannelIds, role: Role) -> None:
        """Note that `axis` of `variable`, a weight of `operation`, is indexed by `ids`."""
        if variable is None:
            return
        weight = next(i for i, w in enumerate(operation.weights) if w is variable)
        if variable.shape[axis] != len(ids):
            message = (
                f"{operation.name}: axis {axis} of {tuple(variable.shape)} and {len(ids)} channels"
            )
            raise AssertionError(message)
        axis %= len(variable.shape)
        self.weight_axes.append(
            WeightAxis(operation=operation, weight=weight, axis=axis, ids=ids, role=role)
        )

    def resize(
        self, operation: Any, change: Callable[[dict[str, Any], CountRemaining], None]
    ) -> None:
        """Note how the configuration of `operation` follows its channels."""
        self.resizes.append(Resize(operation=operation, change=change))

    def roots(self) -> ChannelIds:
        """(number of channels,) for each channel the number that stands for all merged with it."""
        together = self._together
        return np.array([together.find(channel) for channel in range(len(together))], np.int64)
