"""`load_model`: a `.tflite` ready to call; an image in, its decoded answer out."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from edgevision.api.arguments.images import LabelsLike, class_names
from edgevision.api.arguments.messages import Messages, Notify, unheard
from edgevision.api.arguments.preprocessing import (
    PreprocessingLike,
    declared_preprocessing,
    model_io,
)
from edgevision.api.arguments.unused import refuse_below_one
from edgevision.api.html import card as html_card
from edgevision.camera.loop.postprocess import (
    AnswerFilter,
    BoxReader,
    ClassReader,
    Reader,
    is_detector,
)
from edgevision.camera.loop.result import Answer
from edgevision.card.read import read_card
from edgevision.dataset.decode import decode_bytes, decode_image
from edgevision.dataset.imageset import ImageSet
from edgevision.errors import UsageError
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.preprocess.pixels import to_pixels
from edgevision.runtime.closing import Closing
from edgevision.runtime.input_encoder import InputEncoder
from edgevision.runtime.session import Session, usable_cpus
from edgevision.tensors import FloatArray, RgbImage

ImageLike: TypeAlias = str | Path | bytes | NDArray[np.uint8]
"""A file's path, a file's content (JPEG, PNG, ...), or RGB pixels 0-255 (height, width, 3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """What a model says about one image."""

    answers: tuple[Answer, ...]
    """Classes or objects, best first; empty where nothing says what the outputs mean."""
    tensors: Mapping[str, FloatArray]
    """Every output as real numbers, by its name."""
    width: int
    """Of the image in pixels; boxes are in these."""
    height: int

    @property
    def best(self) -> Answer | None:
        """The first answer; None without any."""
        return self.answers[0] if self.answers else None

    def _repr_html_(self) -> str:
        rows = [(one.label, f"{one.score:.3f}", _corners(one)) for one in self.answers]
        return html_card("", (("answer", "score", "left, top, right, bottom"), rows))


def _corners(answer: Answer) -> str:
    return "" if answer.xyxy is None else ", ".join(f"{side:.0f}" for side in answer.xyxy)


class Predictor(Closing):
    """A model held open: call it with an image; use it with `with`, from one thread at a time."""

    def __init__(
        self,
        session: Session,
        preprocessing: ImagePreprocessing,
        reader: Reader | None,
        labels: tuple[str, ...],
    ) -> None:
        """Take over an open session; see `load_model`."""
        self._session = session
        self._encode = InputEncoder(session.inputs[0], preprocessing)
        self._reader = reader
        self.preprocessing = preprocessing
        """How an image becomes the input."""
        self.labels = labels
        """Class names in index order; empty when nothing says."""

    def __call__(self, image: ImageLike) -> Prediction:
        """What the model says about `image`.

        Raises:
            ImageSetError: it cannot be decoded.
            UsageError: it is an array of another kind.
            ModelError: an operation failed while running.
        """
        pixels = _decoded(image)
        outputs = self._session.run(self._encode(to_pixels(pixels, self.preprocessing)))
        height, width = pixels.shape[:2]
        specs = self._session.outputs
        real = {spec.name: spec.to_real(one) for spec, one in zip(specs, outputs, strict=True)}
        return Prediction(
            answers=() if self._reader is None else self._reader(outputs, width, height),
            tensors=MappingProxyType(real),
            width=width,
            height=height,
        )

    def batch(self, images: Iterable[ImageLike] | ImageSet) -> Iterator[Prediction]:
        """What the model says about each image, in order, one in memory at a time."""
        if isinstance(images, ImageSet):
            return (self(images.load(item)) for item in images)
        return map(self, images)

    def close(self) -> None:
        """Let go of the model."""
        self._session.close()


def load_model(
    model: str | Path,
    *,
    preprocessing: PreprocessingLike | None = None,
    labels: LabelsLike | None = None,
    top_k: int = 5,
    threshold: float = 0.0,
    threads: int | None = None,
    runtime: str = "auto",
    notify: Notify = unheard,
) -> Predictor:
    """Open a .tflite as a function of an image.

    Args:
        model: a `.tflite` file.
        preprocessing: how an image becomes the input, in place of what the model's card says; the
            normalization of a quantized input stays.
        labels: class names in index order, or a file of them, in place of the card's.
        top_k: most answers to an image.
        threshold: least score of an answer, 0 to 1.
        threads: of the runtime; all usable CPUs unless given.
        runtime: "auto", "litert", "tflite-runtime" or "tensorflow".
        notify: told what was declared and is not used.

    Returns:
        The model, open. Called with a path, a file's bytes or RGB pixels it gives a `Prediction`;
        `batch` takes several. `close` it, or use it with `with`.

    Raises:
        UsageError: nothing says how an image becomes the input.
        MissingDependencyError: no runtime works here.
        ModelError: the file is damaged, or does not take one image.

    Example:
        >>> import edgevision as ev
        >>> with ev.load_model("int8.tflite") as model:
        ...     model("held-out/b-green/0.png").best.label
        'b-green'
    """
    path = Path(model)
    refuse_below_one("top_k", top_k)
    refuse_below_one("threads", threads)
    how = model_io(path, declared_preprocessing(preprocessing), Messages(notify=notify))
    names = class_names(labels) or how.labels
    session = Session(path, threads=threads or usable_cpus(), runtime=runtime)
    choice = AnswerFilter(top_k=top_k, threshold=threshold)
    try:
        reader = _reader(session, path, how.preprocessing, names, choice)
        return Predictor(session, how.preprocessing, reader, names)
    except Exception:
        session.close()
        raise


def _reader(
    session: Session,
    path: Path,
    preprocessing: ImagePreprocessing,
    labels: tuple[str, ...],
    choice: AnswerFilter,
) -> Reader | None:
    """What decodes the outputs: of a detector or a classifier; None for any other model."""
    if is_detector(session.outputs):
        return BoxReader(session.outputs, preprocessing, labels, choice)
    shape = session.outputs[0].shape
    # One score a class: a map or a picture has several sides that are not 1.
    if len(session.outputs) == 1 and math.prod(shape) == max(shape, default=1):
        card = read_card(path)
        activation = card.activation if card is not None else session.activation
        return ClassReader(session.outputs[0], labels, choice, activation)
    return None


def _decoded(image: ImageLike) -> RgbImage:
    if isinstance(image, str | Path):
        return decode_image(Path(image))
    if isinstance(image, bytes):
        return decode_bytes(image, "the image")
    pixels: NDArray[Any] = np.asarray(image)
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or 0 in pixels.shape:
        raise UsageError(
            f"an image is uint8 (height, width, 3) in RGB, got {pixels.dtype} {pixels.shape}",
            hint="pixels 0 to 255, before any scaling; of a file give the path or the bytes",
        )
    return pixels
