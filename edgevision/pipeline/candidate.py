"""A `.tflite` on its way into the folder: its content, and what it answered on the photos."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgevision.errors import ImageSetError
from edgevision.pipeline.pixel_store import PixelStore
from edgevision.predictions import Predictions
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.progress import Progress, silent
from edgevision.quantize.assign.integer_part import FloatOperator
from edgevision.quantize.search.accuracy_target import TargetSearch
from edgevision.recipe.recipe import Recipe
from edgevision.runtime.predict import refuse_nan, scores_of
from edgevision.runtime.session_pool import SessionPool


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One file before it is packaged."""

    name: str
    """File name without ending."""
    content: bytes
    preprocessing: ImagePreprocessing
    """Preprocessing of this file."""
    recipe: Recipe | None
    """None for the float file."""
    answers: Predictions
    skipped: Sequence[FloatOperator] = ()
    """Operations left in floating point, with the reason."""
    reached: TargetSearch | None = None
    """The search for the accuracy target; None without one."""


def answers_of(
    content: bytes,
    preprocessing: ImagePreprocessing,
    photos: PixelStore,
    *,
    progress: Progress = silent,
    stage: str = "running",
) -> Predictions:
    """The answers of the model in `content` on `photos`.

    Raises:
        ModelError: the model is no classifier of one input and one output, or answers with a NaN.
        ImageSetError: an image cannot be decoded, or its label is none of the model's classes.
    """
    images = photos.images
    with SessionPool(content) as crew:
        scores = scores_of(crew, preprocessing, photos.with_progress(progress, stage))
    ids = tuple(item.id for item in images)
    refuse_nan(scores, ids)
    labels = None
    if images.class_indices is not None:
        labels = np.array(images.class_indices, np.int64)
        if int(labels.max()) >= scores.shape[1]:
            raise ImageSetError(
                f"{images.path} has a label {int(labels.max())}, "
                f"the model has {scores.shape[1]} classes",
                hint="labels count from 0, in the order of the model's outputs",
            )
    return Predictions(ids=ids, scores=scores, labels=labels)
