"""Proof that a file whose interface was rewritten answers as before, bit for bit."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgevision.errors import VerificationError
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.progress import Progress, silent
from edgevision.runtime.input_encoder import InputEncoder
from edgevision.runtime.session import Session
from edgevision.tensors import Pixels

_SHIFT = 128


def prove_equal(
    before: bytes,
    after: bytes,
    preprocessing: ImagePreprocessing,
    photos: tuple[Pixels, ...],
    *,
    progress: Progress = silent,
) -> int:
    """Run both files on the same pixels and compare; returns how many inputs were compared.

    Beside `photos`, inputs that hold every one of the 256 values of every channel are run, so
    that the conversion at the edge is covered completely: it works value by value.

    Raises:
        VerificationError: an output differs in any bit of its real values.
    """
    inputs = (*photos, *_all_values(preprocessing))
    with Session(before) as old, Session(after) as new:
        feed_old, feed_new = (
            InputEncoder(old.inputs[0], preprocessing),
            InputEncoder(new.inputs[0], preprocessing),
        )
        for index, pixels in enumerate(inputs):
            (was,) = old.run(feed_old(pixels))
            (now,) = new.run(feed_new(pixels))
            if not np.array_equal(_centred(was), _centred(now)):
                message = f"the int8 interface answers differently on input {index}"
                raise VerificationError(message, hint="report this with the model; keep uint8")
            progress(index + 1, len(inputs), "proving equal")
    return len(inputs)


def _centred(values: NDArray[Any]) -> NDArray[Any]:
    # Stored uint8 v and int8 v - 128 are the same real value.
    return values.astype(np.int16) - _SHIFT if values.dtype == np.uint8 else values


def _all_values(preprocessing: ImagePreprocessing) -> tuple[Pixels, ...]:
    shape = (preprocessing.height, preprocessing.width, preprocessing.channels)
    count = preprocessing.height * preprocessing.width
    ramps = []
    for start in range(0, 256, count):
        ramp = (np.arange(start, start + count) % 256).astype(np.uint8)
        ramps.append(np.broadcast_to(ramp[:, None], (count, shape[2])).reshape(shape).copy())
    return tuple(ramps)
