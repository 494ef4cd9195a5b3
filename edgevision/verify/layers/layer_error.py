"""How far each layer of a quantized file is from its float original, over all images.

Two errors of each layer are measured. The error *carried* is its output against the float model's
output, fed by the quantized layers before it: what has gathered so far. Its *own* error is its
output against what the float operation makes of the very values it read: what it adds itself.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgevision.metrics.signal import decibels
from edgevision.tensors import FloatArray
from edgevision.verify.layers.align import AlignedOperators
from edgevision.verify.layers.snapshot import Written

Vector = NDArray[np.float64]
"""(channels,)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerError:
    """One layer over all images; sums run over images and positions."""

    pair: AlignedOperators
    images: int
    elements: int
    """Values compared: images x positions x channels."""
    signal: float
    """Sum of squares of the float model's output."""
    carried: float
    """Sum of squares of the error carried."""
    own_signal: float
    """Sum of squares of what the float operation makes of the quantized inputs."""
    own: Vector
    """Sum of squares of the layer's own error in each channel."""
    clipped: float
    """Part of the own error at values outside of what the integers can represent."""
    ends: float
    """Share of the integers that are the smallest or the largest there is."""
    low: Vector
    """Smallest float output of each channel."""
    high: Vector
    stored_low: Vector
    """Smallest stored value of each channel, as an integer (or real in a float layer)."""
    stored_high: Vector
    mean_width: float
    """Mean over images of largest minus smallest float output, zero included."""

    @property
    def sqnr_db(self) -> float:
        """Signal to quantization noise of the carried error; inf when there is none."""
        return decibels(self.signal, self.carried)

    @property
    def own_sqnr_db(self) -> float:
        """As `sqnr_db`, of the own error."""
        return decibels(self.own_signal, float(self.own.sum()))

    @property
    def width(self) -> float:
        """Largest minus smallest float output over all images, zero included."""
        return max(0.0, float(self.high.max())) - min(0.0, float(self.low.min()))


class Sums:
    """What is added up of one layer, image by image."""

    def __init__(self, pair: AlignedOperators, channels: int) -> None:
        """Nothing yet; `channels` is the last side of the layer's output."""
        self.pair = pair
        self._channels = channels
        self._images = self._elements = 0
        self._signal = self._carried = self._own_signal = self._clipped = self._ends = 0.0
        self._width = 0.0
        self._own = np.zeros(channels)
        self._low, self._high = np.full(channels, np.inf), np.full(channels, -np.inf)
        self._stored_low, self._stored_high = self._low.copy(), self._high.copy()

    def add(self, written: Written) -> None:
        """One image more."""
        by_channel = (-1, self._channels)
        values, reference = written.values.reshape(by_channel), written.reference
        stored = written.stored.reshape(by_channel)
        self._images += 1
        self._elements += values.size
        self._signal += power(values)
        self._carried += power(written.real - written.values)
        self._own_signal += power(reference)
        squares = np.square(written.real - reference).reshape(by_channel)
        self._own += squares.sum(axis=0, dtype=np.float64)
        if written.steps is not None:
            limits = np.iinfo(stored.dtype)
            steps = written.steps.reshape(by_channel)
            # Half a step beyond the ends still rounds to them.
            outside = (steps < limits.min - 0.5) | (steps > limits.max + 0.5)
            self._clipped += float(squares.sum(where=outside, dtype=np.float64))
            self._ends += float(((stored == limits.min) | (stored == limits.max)).sum())
        low, high = values.min(axis=0), values.max(axis=0)
        self._width += max(0.0, float(high.max())) - min(0.0, float(low.min()))
        self._low, self._high = np.minimum(self._low, low), np.maximum(self._high, high)
        self._stored_low = np.minimum(self._stored_low, stored.min(axis=0))
        self._stored_high = np.maximum(self._stored_high, stored.max(axis=0))

    def result(self) -> LayerError:
        """The sums as they stand."""
        return LayerError(
            pair=self.pair,
            images=self._images,
            elements=self._elements,
            signal=self._signal,
            carried=self._carried,
            own_signal=self._own_signal,
            own=self._own,
            clipped=self._clipped,
            ends=self._ends / max(1, self._elements),
            low=self._low,
            high=self._high,
            stored_low=self._stored_low,
            stored_high=self._stored_high,
            mean_width=self._width / max(1, self._images),
        )


def power(values: FloatArray) -> float:
    """Sum of squares."""
    # float32 sums over one image lose nothing that matters; over a set they would.
    flat = values.reshape(-1)
    return float(np.dot(flat, flat))
