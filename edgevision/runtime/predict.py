"""A model's answers on a set of images."""

import math
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from edgevision.dataset.imageset import ImageSet
from edgevision.errors import ModelError
from edgevision.predictions import Predictions
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.preprocess.pixels import to_pixels
from edgevision.progress import Progress, silent
from edgevision.runtime.input_encoder import InputEncoder
from edgevision.runtime.session import Session
from edgevision.runtime.session_pool import SessionPool
from edgevision.tensors import FloatArray, Pixels


def predict(
    session: Session,
    preprocessing: ImagePreprocessing,
    images: ImageSet,
    *,
    progress: Progress = silent,
    stage: str = "evaluating",
) -> Predictions:
    """Scores of a classifier on every image of a set, one image in memory at a time.

    Raises:
        ModelError: the model is no single-input, single-output classifier of this contract, or
            answers with a NaN.
        ImageSetError: an image cannot be decoded.
    """
    scores = scores_of(session, preprocessing, pixels_of(images, preprocessing, progress, stage))
    ids = tuple(item.id for item in images)
    refuse_nan(scores, ids)
    labels = images.class_indices
    return Predictions(
        ids=ids,
        scores=scores,
        labels=None if labels is None else np.array(labels, np.int64),
    )


def refuse_nan(scores: FloatArray, ids: Sequence[str]) -> None:
    """Raise when a row of `scores` holds a NaN or an infinity: its top-1 would be made up.

    Raises:
        ModelError: with the first such image.
    """
    broken = np.flatnonzero(~np.isfinite(scores).all(axis=1))
    if len(broken):
        message = f"the model answers {ids[broken[0]]} with values that are no numbers"
        raise ModelError(
            message, hint="is the preprocessing right? 16-bit floats (fp16) end at 65504"
        )


def pixels_of(
    images: ImageSet,
    preprocessing: ImagePreprocessing,
    progress: Progress = silent,
    stage: str = "reading",
) -> Iterator[Pixels]:
    """The pixels of each image of a set under `preprocessing`, decoded as they are drawn."""
    progress(0, len(images), stage)
    for done, item in enumerate(images, start=1):
        yield to_pixels(images.load(item), preprocessing)
        progress(done, len(images), stage)


def scores_of(
    session: Session | SessionPool, preprocessing: ImagePreprocessing, images: Iterable[Pixels]
) -> FloatArray:
    """(images, classes) real scores of a single-output classifier; images are drawn as needed.

    One output p becomes two columns, 1 - p and p, so that argmax and accuracy hold; p is the
    output itself when a sigmoid makes it, else the sigmoid of it.

    Raises:
        ModelError: the model is no single-input, single-output classifier of this contract.
    """
    if len(session.inputs) != 1 or len(session.outputs) != 1:
        message = (
            f"a classifier has one input and one output; "
            f"this model has {len(session.inputs)} and {len(session.outputs)}"
        )
        raise ModelError(message, hint=_OTHERS)
    output = session.outputs[0]
    if math.prod(output.shape) != max(output.shape, default=1):
        shape = "x".join(str(side) for side in output.shape)
        message = f"the output {output.name!r} has shape {shape}, not one score for each class"
        raise ModelError(message, hint=_OTHERS)
    feed = InputEncoder(session.inputs[0], preprocessing)

    def row(one: Session, pixels: Pixels) -> FloatArray:
        return output.to_real(one.run(feed(pixels))[0]).reshape(-1)

    rows = list(session.map(row, images))
    if not rows:
        return np.zeros((0, max(2, math.prod(output.shape))), np.float32)
    scores = np.stack(rows)
    if scores.shape[1] == 1:
        # The sigmoid as a tanh: exp(-x) would overflow for large logits.
        yes = scores if session.activation == "sigmoid" else (1 + np.tanh(scores / 2)) / 2
        scores = np.hstack([1 - yes, yes])
    return scores


_OTHERS = "only classifiers of one image are measured; edgevision convert takes other models too"
