"""From pixels to exactly what a model's input tensor wants, whatever its type."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgevision.errors import ModelError
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.preprocess.normalize import input_table, normalize, whole_number_table
from edgevision.runtime.session import TensorSpec
from edgevision.tensors import Pixels


class InputEncoder:
    """Turns pixels into input arrays of one model; holds the look-up table of integer inputs."""

    def __init__(self, spec: TensorSpec, preprocessing: ImagePreprocessing) -> None:
        """Prepare for the input `spec`.

        Raises:
            ModelError: the input is not (1, height, width, channels) of the preprocessing's size,
                or of a type that images cannot be fed to.
        """
        expected = (1, preprocessing.height, preprocessing.width, preprocessing.channels)
        if spec.shape != expected:
            message = f"input {spec.name!r} has shape {spec.shape}, preprocessing makes {expected}"
            raise ModelError(message, hint="the model's card and its file do not fit together")
        self._preprocessing = preprocessing
        self.table: NDArray[Any] | None = None
        """(256, channels): what each pixel value becomes in an integer input; None for floats."""
        if spec.dtype.kind in "iu":
            table = _table(spec, preprocessing)
            if table is None:
                raise takes_whole_numbers(spec.name, str(spec.dtype))
            self.table = table
            self._is_identity = spec.dtype == np.uint8 and bool(
                (table == np.arange(256)[:, None]).all()
            )
        elif spec.dtype != np.float32:
            message = f"input {spec.name!r} is {spec.dtype}; images need float32, uint8 or int8"
            raise ModelError(message)

    @property
    def takes_pixels(self) -> bool:
        """Whether the input tensor holds the pixels as they are: no arithmetic per image."""
        return self.table is not None and self._is_identity

    def __call__(self, pixels: Pixels) -> NDArray[Any]:
        """The input array (1, height, width, channels) for `pixels` (height, width, channels)."""
        if self.table is None:
            return normalize(pixels, self._preprocessing)[None]
        if self._is_identity:
            return pixels[None]
        channels = np.arange(self._preprocessing.channels)
        fed: NDArray[Any] = self.table[pixels, channels][None]
        return fed


def can_hold(spec: TensorSpec, preprocessing: ImagePreprocessing) -> bool:
    """Whether the input can hold what preprocessing makes: fractions need a float or a scale."""
    return spec.dtype.kind not in "iu" or _table(spec, preprocessing) is not None


def _table(spec: TensorSpec, preprocessing: ImagePreprocessing) -> NDArray[Any] | None:
    if spec.quantization is None:
        return whole_number_table(preprocessing, spec.dtype)
    return input_table(preprocessing, spec.quantization, spec.dtype)


def takes_whole_numbers(name: str, dtype: str) -> ModelError:
    """The error of preprocessing that makes fractions for an integer input without a scale."""
    message = f"input {name!r} takes whole numbers ({dtype}), and the preprocessing makes others"
    return ModelError(message, hint="--preprocess raw, where the model itself scales its pixels")
