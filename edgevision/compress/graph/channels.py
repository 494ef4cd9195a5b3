"""Which channels are one and the same: numbers for them, merged as the model's sums demand.

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

Ids: TypeAlias = NDArray[np.int64]
"""(n,) channel numbers along one axis of a tensor or a weight; a number may occur repeatedly."""

Role: TypeAlias = Literal["in", "out"]
"""Whether a weight's axis counts the channels a layer reads or those it makes."""

Kept: TypeAlias = Callable[[Ids], int]
"""How many of the channels are still there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channels:
    """The channels of one tensor and the axis that counts them."""

    axis: int
    """Counted from 0, the batch; never negative."""

    ids: Ids


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One axis of one weight of a layer, indexed by channels."""

    operation: Any
    weight: int
    """Position in `operation.weights`."""

    axis: int
    ids: Ids
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Width:
    """The channels that one layer makes."""

    operation: Any
    ids: Ids


@dataclass(frozen=True, slots=True, kw_only=True)
class Resize:
    """How an operation's configuration follows when channels go."""

    operation: Any
    change: Callable[[dict[str, Any], Kept], None]


@dataclass(slots=True)
class Ledger:
    """What the rules write down while a model is walked through."""

    slots: list[Slot] = field(default_factory=list)
    widths: list[Width] = field(default_factory=list)
    resizes: list[Resize] = field(default_factory=list)
    pins: dict[int, str] = field(default_factory=dict)
    """Reason by channel number; the first reason stays."""

    _together: DisjointSets = field(default_factory=DisjointSets)

    def make(self, operation: Any, count: int) -> Ids:
        """`count` new channels, made by `operation`."""
        ids = self.fresh(count)
        self.widths.append(Width(operation=operation, ids=ids))
        return ids

    def fresh(self, count: int) -> Ids:
        """`count` new channel numbers that belong to no layer's width."""
        first = self._together.add(count)
        return np.arange(first, first + count, dtype=np.int64)

    def merge(self, one: Ids, other: Ids) -> None:
        """Let channel i of `one` and of `other` live and die together; the lengths are equal."""
        for left, right in zip(one.tolist(), other.tolist(), strict=True):
            self._together.join(left, right)

    def pin(self, ids: Ids, reason: str) -> None:
        """Keep these channels as they are."""
        for channel in ids.tolist():
            self.pins.setdefault(channel, reason)

    def index(self, operation: Any, variable: Any, axis: int, ids: Ids, role: Role) -> None:
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
        self.slots.append(Slot(operation=operation, weight=weight, axis=axis, ids=ids, role=role))

    def resize(self, operation: Any, change: Callable[[dict[str, Any], Kept], None]) -> None:
        """Note how the configuration of `operation` follows its channels."""
        self.resizes.append(Resize(operation=operation, change=change))

    def roots(self) -> Ids:
        """(number of channels,) for each channel the number that stands for all merged with it."""
        together = self._together
        return np.array([together.find(channel) for channel in range(len(together))], np.int64)
