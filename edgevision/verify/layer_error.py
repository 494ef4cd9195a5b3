"""How far each layer of a quantized file is from its float original, image after image.

Two errors of each layer are measured. The error *carried* is its output against the float model's
output, fed by the quantized layers before it: what has gathered so far. Its *own* error is its
output against what the float operation makes of the very values it read: what it adds itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgevision.artifact.model import Tensor, TfliteModel
from edgevision.dataset.imageset import ImageSet
from edgevision.errors import ImageSetError
from edgevision.preprocess.contract import Contract
from edgevision.preprocess.pixels import to_pixels
from edgevision.progress import Progress, silent
from edgevision.runtime.feed import Feed
from edgevision.runtime.session import Session
from edgevision.verify.align import Pair
from edgevision.verify.rescaled import channel_factors
from edgevision.verify.separate import take_apart

Vector = NDArray[np.float64]
"""(channels,)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerError:
    """One layer over all images; sums run over images and positions."""

    pair: Pair
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


def decibels(signal: float, noise: float) -> float:
    """10 log10(signal / noise): inf without noise, -inf for noise without a signal."""
    if noise <= 0:
        return float("inf")
    return float(10 * np.log10(signal / noise)) if signal > 0 else float("-inf")


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A `.tflite` and how it is fed."""

    content: bytes
    model: TfliteModel
    contract: Contract


def layer_errors(
    original: File,
    quantized: File,
    pairs: Sequence[Pair],
    images: ImageSet,
    *,
    progress: Progress = silent,
) -> tuple[LayerError, ...]:
    """The errors of every pair, with one image and its activations in memory at a time.

    The built-in kernels run here, since they keep every result; the accelerated ones differ from
    them by a step at most.

    Raises:
        ModelError: a file does not take these images, or the float file cannot be taken apart.
        ImageSetError: an image cannot be decoded, or makes a NaN or infinite activation.
    """
    factors = channel_factors(original.model, quantized.model, pairs)
    sums = [
        _Sums(pair, quantized.model.tensors[pair.quantized_tensor], factors.get(pair.float_tensor))
        for pair in pairs
    ]
    twins = {one.pair.float_tensor: one for one in sums}
    separate = take_apart(original.content, {pair.float_operator for pair in pairs})
    with (
        Session(original.content, xnnpack=False, keep_all_tensors=True) as plain,
        Session(quantized.content, xnnpack=False, keep_all_tensors=True) as integer,
        Session(separate.content) as apart,
    ):
        feed, feed_integer = (
            Feed(plain.inputs[0], original.contract),
            Feed(integer.inputs[0], quantized.contract),
        )
        for done, item in enumerate(images, start=1):
            picture = images.load(item)
            plain.run(feed(to_pixels(picture, original.contract)))
            integer.run(feed_integer(to_pixels(picture, quantized.contract)))
            real: Mapping[int, NDArray[Any]] = {
                t: one.real(integer.tensor(one.pair.quantized_tensor)) for t, one in twins.items()
            }
            read = [real[t] if t in real else plain.tensor(t) for t in separate.inputs]
            written = dict(zip(separate.outputs, apart.run(*read), strict=True))
            for t, one in twins.items():
                values = plain.tensor(t)
                if not np.isfinite(values).all():
                    message = f"{item.id} makes a NaN or infinite value in {one.pair.tensor_name!r}"
                    raise ImageSetError(message, hint="leave that image out, or mend the weights")
                stored = integer.tensor(one.pair.quantized_tensor)
                one.add(values, real[t], written[t], stored)
            progress(done, len(images), "comparing layers")
    return tuple(one.result(len(images)) for one in sums)


class _Sums:
    """What is added up of one layer."""

    def __init__(self, pair: Pair, tensor: Tensor, factor: Vector | None) -> None:
        self.pair = pair
        self._dtype = np.dtype(tensor.dtype)
        self._is_integer = self._dtype.kind in "iu" and len(tensor.scales) == 1
        self._scale = np.float32(tensor.scales[0]) if self._is_integer else np.float32(1)
        self._zero = int((*tensor.zero_points, 0)[0]) if self._is_integer else 0
        self._factor = None if factor is None else factor.astype(np.float32)
        channels = tensor.shape[-1] if tensor.shape else 1
        self._channels = channels
        self._elements = 0
        self._signal = self._carried = self._own_signal = self._clipped = self._ends = 0.0
        self._width = 0.0
        self._own = np.zeros(channels)
        self._low, self._high = np.full(channels, np.inf), np.full(channels, -np.inf)
        self._stored_low, self._stored_high = self._low.copy(), self._high.copy()

    def real(self, stored: NDArray[Any]) -> NDArray[np.float32]:
        """What `stored` stands for, in the float model's own units."""
        values = stored.astype(np.float32)
        if self._is_integer:
            values -= np.float32(self._zero)
            values *= self._scale
        if self._factor is not None:
            values /= self._factor
        return values

    def add(
        self,
        values: NDArray[np.float32],
        real: NDArray[np.float32],
        reference: NDArray[np.float32],
        stored: NDArray[Any],
    ) -> None:
        """One image: float output, quantized output, float output of quantized inputs, integers."""
        by_channel = (-1, self._channels)
        values, real = values.reshape(by_channel), real.reshape(by_channel)
        reference, stored = reference.reshape(by_channel), stored.reshape(by_channel)
        self._elements += values.size
        self._signal += _power(values)
        self._carried += _power(real - values)
        own = real - reference
        self._own_signal += _power(reference)
        squares = np.square(own)
        self._own += squares.sum(axis=0, dtype=np.float64)
        if self._is_integer:
            limits = np.iinfo(self._dtype)
            seen = reference if self._factor is None else reference * self._factor
            # Half a step beyond the ends still rounds to them.
            steps = seen / self._scale + np.float32(self._zero)
            outside = (steps < limits.min - 0.5) | (steps > limits.max + 0.5)
            self._clipped += float(squares.sum(where=outside, dtype=np.float64))
            self._ends += float(((stored == limits.min) | (stored == limits.max)).sum())
        low, high = values.min(axis=0), values.max(axis=0)
        self._width += max(0.0, float(high.max())) - min(0.0, float(low.min()))
        self._low, self._high = np.minimum(self._low, low), np.maximum(self._high, high)
        self._stored_low = np.minimum(self._stored_low, stored.min(axis=0))
        self._stored_high = np.maximum(self._stored_high, stored.max(axis=0))

    def result(self, images: int) -> LayerError:
        """The sums as they stand after `images` images."""
        return LayerError(
            pair=self.pair,
            images=images,
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
            mean_width=self._width / max(1, images),
        )


def _power(values: NDArray[np.float32]) -> float:
    # float32 sums over one image lose nothing that matters; over a set they would.
    flat = values.reshape(-1)
    return float(np.dot(flat, flat))
