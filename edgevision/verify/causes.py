"""Why a layer loses precision in integers: a label from what was measured of it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

CLIPPED_ERROR = 0.3
"""Above this share of the error's power, clipping is the cause."""

WIDE = 16.0
"""A branch with a sixteenth of the other's range keeps 4 of its 8 bits."""

LOUD = 8.0
"""A channel this many times the median one takes 3 bits from that one."""

DEAD = 1e-5
"""A channel whose weights are this small beside the largest does nothing."""

BIAS_ROOM = 2**30
"""An int32 bias beyond this leaves the accumulator no room."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What was measured of one operation."""

    operator: str
    clipped_share: float
    """Share of values outside the integers' range."""
    clipped_error_share: float
    """Their share of the error's power."""
    channel_peaks: NDArray[np.float64]
    """Largest absolute float value of each output channel."""
    input_ranges: tuple[float, ...]
    """Width of what each integer input represents."""
    output_range: float
    rms: float
    """Root mean square of the float output."""
    weights: NDArray[Any] | None = None
    """Float weights of a convolution or dense layer."""
    integer_bias: NDArray[Any] | None = None


def cause_of(seen: Evidence) -> tuple[str, str]:
    """(cause, what would help); both empty when nothing stands out.

    The first that holds is named: faults of the file before limits of eight bits.
    """
    for holds, cause, fix in (
        (
            _overflows(seen),
            "bias overflow",
            "raise the weight scale of that channel; this file was not made by us",
        ),
        (
            seen.clipped_error_share > CLIPPED_ERROR,
            "clipped range",
            "ranges nearer to min-max, or calibration images that show such values",
        ),
        (
            seen.operator in {"ADD", "SUB", "CONCATENATION"} and _uneven(seen),
            "tiny range beside a wide one",
            "leave this operation and what feeds it in float",
        ),
        (
            seen.operator in {"LOGISTIC", "TANH"} and _saturated(seen),
            "saturated gate",
            "leave the gate's input in float",
        ),
        (
            _loud_channels(seen) > 0,
            "outlier channel",
            "equalization, or leave this operation in float",
        ),
        (
            _dead_channels(seen) > 0,
            "dead channels",
            "prune them: they cost time and give nothing",
        ),
    ):
        if holds:
            return cause, fix
    return "", ""


def _overflows(seen: Evidence) -> bool:
    bias = seen.integer_bias
    if bias is None or bias.dtype != np.int32 or not bias.size:
        return False
    return bool(np.abs(bias.astype(np.int64)).max() > BIAS_ROOM)


def _uneven(seen: Evidence) -> bool:
    ranges = [r for r in seen.input_ranges if np.isfinite(r) and r > 0]
    return len(ranges) > 1 and max(ranges) > WIDE * min(ranges)


def _saturated(seen: Evidence) -> bool:
    # A gate whose output hardly varies from its end needs steps finer than 1/256 there.
    return seen.rms < 1 / 64


def _loud_channels(seen: Evidence) -> int:
    alive = seen.channel_peaks[seen.channel_peaks > 0]
    if len(alive) < 4:
        return 0
    return int((alive > LOUD * np.median(alive)).sum())


def _dead_channels(seen: Evidence) -> int:
    if seen.weights is None or seen.weights.ndim < 2 or seen.weights.dtype.kind != "f":
        return 0
    axis = 3 if seen.operator == "DEPTHWISE_CONV_2D" else 0
    peaks = np.abs(seen.weights).max(axis=tuple(a for a in range(seen.weights.ndim) if a != axis))
    return int((peaks < DEAD * peaks.max()).sum())
