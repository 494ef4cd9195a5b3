"""From a frame straight into the model's input tensor: no float image, nothing allocated per frame.

Geometry is `preprocess.pixels.to_pixels`, the one implementation, run in the frame's own colour
order (channels never mix while resizing, so swapping them afterwards, on the small picture, gives
the same bytes). Normalization and quantization are one look-up per value, as in
`runtime.input_encoder`.
"""

from dataclasses import replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edgevision.camera.sources.frame import Frame
from edgevision.errors import ModelError
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.preprocess.normalize import normalize
from edgevision.preprocess.pixels import GRAY_ROUND, GRAY_SHIFT, GRAY_WEIGHTS, to_pixels
from edgevision.runtime.input_encoder import InputEncoder
from edgevision.runtime.session import Session, TensorSpec
from edgevision.tensors import Pixels


class TensorInput:
    """Writes frames into the one input of an open model; owns the buffers in between."""

    def __init__(self, session: Session, preprocessing: ImagePreprocessing) -> None:
        """Prepare the buffers and the look-up table.

        Raises:
            ModelError: the model has several inputs, or one that does not fit the preprocessing.
        """
        if len(session.inputs) != 1:
            message = f"a camera model has one input; this one has {len(session.inputs)}"
            raise ModelError(message)
        self.preprocessing = preprocessing
        self._session = session
        self._spec: TensorSpec = session.inputs[0]
        encoder = InputEncoder(self._spec, preprocessing)
        self._is_identity = encoder.takes_pixels
        self._geometry = replace(preprocessing, color="rgb", mean=(0.0,), std=(1.0,))
        levels = np.repeat(np.arange(256, dtype=np.uint8)[:, None], preprocessing.channels, axis=1)
        # The table of any type is what the reference makes of the 256 levels.
        table = levels if self._is_identity else _levels_through(encoder, preprocessing, levels)
        self._table = np.ascontiguousarray(table.reshape(1, 256, preprocessing.channels))
        shape = (preprocessing.height, preprocessing.width)
        self._fitted = np.empty((*shape, 3), np.uint8)
        self._colored = np.empty((*shape, preprocessing.channels), np.uint8)
        self._wide = np.empty((*shape, 3), np.uint32)
        self._luma = np.empty(shape, np.uint32)

    def write(self, frame: Frame) -> None:
        """Fill the input tensor with what the preprocessing makes of `frame`.

        Raises:
            DeviceError: the frame is no picture.
        """
        if frame.prepared is not None:
            self._session.fill(self._spec, frame.prepared)
        else:
            # Not kept: the interpreter refuses to run while its memory is referred to.
            self._make(frame, self._session.view(self._spec)[0])

    def prepare(self, frame: Frame) -> None:
        """Make the input ahead, on another thread, in memory of the frame's own.

        For all frames or for none: the buffers in between are shared with `write`.

        Raises:
            DeviceError: the frame is no picture.
        """
        tensor = np.empty(self._spec.shape, self._spec.dtype)
        self._make(frame, tensor[0])
        frame.prepared = tensor

    def _make(self, frame: Frame, out: NDArray[Any]) -> None:
        if self._is_identity:
            self._place(frame, out)
        else:
            cv2.LUT(self._place(frame, self._colored), self._table, out)

    def _place(self, frame: Frame, out: NDArray[np.uint8]) -> NDArray[np.uint8]:
        image = frame.unpack()
        wanted = self.preprocessing.color
        if wanted == frame.order:
            return to_pixels(image, self._geometry, out=out)
        fitted = to_pixels(image, self._geometry, out=self._fitted)
        if wanted == "gray":
            self._gray(fitted if frame.order == "rgb" else fitted[..., ::-1], out)
        else:
            cv2.cvtColor(fitted, cv2.COLOR_BGR2RGB, out)
        return out

    def _gray(self, rgb: NDArray[np.uint8], out: NDArray[np.uint8]) -> None:
        # `pixels.to_gray` in buffers that exist already.
        np.copyto(self._wide, rgb)
        np.matmul(self._wide, GRAY_WEIGHTS, out=self._luma)
        self._luma += GRAY_ROUND
        self._luma >>= GRAY_SHIFT
        np.copyto(out[..., 0], self._luma, casting="unsafe")


def _levels_through(
    encoder: InputEncoder, preprocessing: ImagePreprocessing, levels: Pixels
) -> NDArray[Any]:
    if encoder.table is None:
        return normalize(levels, preprocessing)
    return encoder.table
