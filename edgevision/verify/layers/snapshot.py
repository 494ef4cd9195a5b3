"""Both networks at work on one image: what every layer wrote, and what it should have written."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgevision.dataset.imageset import ImageSet
from edgevision.errors import ImageSetError
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.preprocess.pixels import to_pixels
from edgevision.runtime.input_encoder import InputEncoder
from edgevision.runtime.session import Session
from edgevision.tensors import FloatArray
from edgevision.tflite.extract import isolate
from edgevision.tflite.parse import parse
from edgevision.tflite.view import Tensor, TfliteModel
from edgevision.verify.layers.align import AlignedOperators
from edgevision.verify.layers.rescaled import channel_factors


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A `.tflite` and how it is fed."""

    content: bytes
    model: TfliteModel
    preprocessing: ImagePreprocessing


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What a layer wrote for one image; all in the shape of its output."""

    values: FloatArray
    """The float model's output."""
    real: FloatArray
    """What the quantized layer's output stands for, in the float model's units."""
    reference: FloatArray
    """What the float operation makes of the values that the quantized layer read."""
    stored: NDArray[Any]
    """The quantized layer's output as it is: integers, or real numbers in a float layer."""
    steps: FloatArray | None
    """`reference` in steps of the integers, before rounding and clipping; None in a float layer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One image in both networks."""

    fed: NDArray[Any]
    """Input of the float model."""
    layers: Mapping[int, Written]
    """By float tensor."""


def snapshots(
    original: File, quantized: File, pairs: Sequence[AlignedOperators], images: ImageSet
) -> Iterator[Snapshot]:
    """Run both files on each image; one image and its activations are in memory at a time.

    The built-in kernels run here, since they keep every result; the accelerated ones differ from
    them by a step at most.

    Raises:
        ModelError: a file does not take these images, or the float file cannot be taken apart.
        ImageSetError: an image cannot be decoded, or makes a NaN or infinite activation.
    """
    graph = parse(original.content)
    factors = channel_factors(graph, original.model, quantized.model, pairs)
    readers = {
        pair.float_tensor: _Reader(
            quantized.model.tensors[pair.quantized_tensor], factors.get(pair.float_tensor)
        )
        for pair in pairs
    }
    apart = isolate(graph, {pair.float_operator for pair in pairs})
    with (
        Session(original.content, xnnpack=False, keep_all_tensors=True) as plain,
        Session(quantized.content, xnnpack=False, keep_all_tensors=True) as integer,
        Session(apart.content) as separate,
    ):
        encode = InputEncoder(plain.inputs[0], original.preprocessing)
        feed_integer = InputEncoder(integer.inputs[0], quantized.preprocessing)
        for item in images:
            picture = images.load(item)
            fed = encode(to_pixels(picture, original.preprocessing))
            plain.run(fed)
            integer.run(feed_integer(to_pixels(picture, quantized.preprocessing)))
            stored = {pair.float_tensor: integer.tensor(pair.quantized_tensor) for pair in pairs}
            real = {t: readers[t].real(integers) for t, integers in stored.items()}
            read = [real[t] if t in real else plain.tensor(t) for t in apart.inputs]
            reference = dict(zip(apart.outputs, separate.run(*read), strict=True))
            layers = {
                t: Written(
                    values=plain.tensor(t),
                    real=real[t],
                    reference=reference[t],
                    stored=integers,
                    steps=readers[t].steps(reference[t]),
                )
                for t, integers in stored.items()
            }
            for pair in pairs:
                if not np.isfinite(layers[pair.float_tensor].values).all():
                    message = f"{item.id} makes a NaN or infinite value in {pair.tensor_name!r}"
                    raise ImageSetError(message, hint="leave that image out, or mend the weights")
            yield Snapshot(fed=fed, layers=layers)


class _Reader:
    """From a quantized tensor's integers to the float model's units, and back."""

    def __init__(self, tensor: Tensor, factor: NDArray[np.float64] | None) -> None:
        is_integer = np.dtype(tensor.dtype).kind in "iu" and len(tensor.scales) == 1
        self._scale = np.float32(tensor.scales[0]) if is_integer else None
        self._zero = np.float32((*tensor.zero_points, 0)[0])
        self._factor = None if factor is None else factor.astype(np.float32)

    def real(self, stored: NDArray[Any]) -> FloatArray:
        values: FloatArray = stored.astype(np.float32)
        if self._scale is not None:
            values -= self._zero
            values *= self._scale
        if self._factor is not None:
            values /= self._factor
        return values

    def steps(self, real: FloatArray) -> FloatArray | None:
        if self._scale is None:
            return None
        seen = real if self._factor is None else real * self._factor
        return np.asarray(seen / self._scale + self._zero, np.float32)
