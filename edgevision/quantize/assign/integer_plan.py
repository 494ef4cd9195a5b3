"""What the integer graph shall be, before any of it is written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from edgevision.tflite.graph import OperatorId, QuantParams


@dataclass(frozen=True, slots=True, kw_only=True)
class InterfaceType:
    """What the caller sees of an input or output that holds integers."""

    dtype: np.dtype[Any]
    scales: QuantParams


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegerPlan:
    """Everything decided; nothing is measured here."""

    scales: Mapping[int, QuantParams]
    """Of every activation that an integer operator reads or writes."""
    integer: frozenset[OperatorId]
    """The operators that run in integers."""
    bits: int = 8
    """Of activations: 8, or 16 (weights stay 8)."""
    dense_per_channel: bool = True
    interface: Mapping[int, InterfaceType] = field(default_factory=dict)
    """Inputs and outputs of the graph that the caller sees as integers; the rest is float."""
