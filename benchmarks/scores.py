"""Scores of a classifier's file on pixels that are at hand already."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.runtime.predict import outputs_of
from edgevision.runtime.session import Session
from edgevision.tasks.interface import FrameSize
from edgevision.tensors import FloatArray, Pixels


def scores_of(
    model: bytes | Path, preprocessing: ImagePreprocessing, images: Iterable[Pixels]
) -> FloatArray:
    """(images, classes) real values of the model's one output."""
    frame = FrameSize(width=preprocessing.width, height=preprocessing.height)
    with Session(model) as session:
        found = outputs_of(session, preprocessing, ((pixels, frame) for pixels in images))
        return np.stack([output.reshape(-1) for (output,), _ in found])
