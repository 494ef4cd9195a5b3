"""`load_model`: a `.tflite` ready to call; an image in, its decoded answer out."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
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
from edgevision.dataset.decode import decode_bytes, decode_image
from edgevision.dataset.imageset import ImageSet
from edgevision.errors import UsageError
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.preprocess.pixels import to_pixels
from edgevision.runtime.closing import Closing
from edgevision.runtime.input_encoder import InputEncoder
from edgevision.runtime.session import Session, usable_cpus
from edgevision.tasks.answer import Answer, LabelledItem
from edgevision.tasks.interface import FrameSize
from edgevision.tasks.of_file import interface_of_file
from edgevision.tasks.resolve import ResolvedTask, resolve_task
from edgevision.tasks.spec import TaskSpec
from edgevision.tasks.task import Task, answer_of
from edgevision.tensors import FloatArray, RgbImage
from edgevision.tflite.read import read_model

ImageLike: TypeAlias = str | Path | bytes | NDArray[np.uint8]
"""A file's path, a file's content (JPEG, PNG, ...), or RGB pixels 0-255 (height, width, 3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """What a model says about one image."""

    answer: Answer
    """As its task has it: `lines` for people, `to_dict()`, `draw(picture)`."""
    tensors: Mapping[str, FloatArray]
    """Every output as real numbers, by its name, without the batch axis."""

    @property
    def items(self) -> tuple[LabelledItem, ...]:
        """Labels with scores, best first; empty of a model whose answers are no labels."""
        return self.answer.items

    @property
    def best(self) -> LabelledItem | None:
        """The first of them; None without any."""
        return self.items[0] if self.items else None

    def _repr_html_(self) -> str:
        return html_card("", (("answer",), [(line,) for line in self.answer.lines]))


class Predictor(Closing):
    """A model held open: call it with an image; use it with `with`, from one thread at a time."""

    def __init__(
        self,
        session: Session,
        preprocessing: ImagePreprocessing,
        task: Task,
        names: Sequence[str],
    ) -> None:
        """Take over an open session, with a name for each output; see `load_model`."""
        self._session = session
        self._encode = InputEncoder(session.inputs[0], preprocessing)
        self._task = task
        self._names = tuple(names)
        self.preprocessing = preprocessing
        """How an image becomes the input."""

    @property
    def task(self) -> TaskSpec:
        """What the outputs mean: kind, labels, options."""
        return self._task.spec

    def __call__(self, image: ImageLike) -> Prediction:
        """What the model says about `image`.

        Raises:
            ImageSetError: it cannot be decoded.
            UsageError: it is an array of another kind.
            ModelError: an operation failed while running.
        """
        pixels = _decoded(image)
        outputs = self._session.run(self._encode(to_pixels(pixels, self.preprocessing)))
        specs = self._session.outputs
        real = tuple(_real(spec.to_real(out)) for spec, out in zip(specs, outputs, strict=True))
        named = dict(zip(self._names, real, strict=True))
        frame = FrameSize(width=pixels.shape[1], height=pixels.shape[0])
        return Prediction(
            answer=answer_of(self._task, real, frame), tensors=MappingProxyType(named)
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
    task: str | None = None,
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
        task: what the outputs mean, in place of what the card says: "classification",
            "multilabel", "detection", "tensors", or an installed package's.
        labels: class names in index order, or a file of them, in place of the card's.
        top_k: most items in an answer, of a task that has several.
        threshold: least score of an item, 0 to 1.
        threads: of the runtime; all usable CPUs unless given.
        runtime: "auto", "litert", "tflite-runtime" or "tensorflow".
        notify: told what was declared and is not used, and when answers are plain numbers.

    Returns:
        The model, open. Called with a path, a file's bytes or RGB pixels it gives a `Prediction`;
        `batch` takes several. `close` it, or use it with `with`.

    Raises:
        UsageError: nothing says how an image becomes the input.
        MissingDependencyError: no runtime works here.
        ModelError: the file is damaged, does not take one image, or does not fit its task.

    Example:
        >>> import edgevision as ev
        >>> with ev.load_model("int8.tflite") as model:
        ...     model("held-out/b-green/0.png").best.label
        'b-green'
    """
    path = Path(model)
    refuse_below_one("top_k", top_k)
    refuse_below_one("threads", threads)
    messages = Messages(notify=notify)
    io = model_io(path, declared_preprocessing(preprocessing), messages)
    names = class_names(labels)
    spec = io.task
    interface = interface_of_file(read_model(path), io.preprocessing)
    resolved = resolve_task(
        interface,
        declared=None if task is None else TaskSpec(kind=task),
        card=replace(spec, labels=names) if spec is not None and names else spec,
        labels=names,
        options={"top_k": top_k, "threshold": threshold},
    )
    _tell(resolved, path, messages, names)
    session = Session(path, threads=threads or usable_cpus(), runtime=runtime)
    try:
        outputs = [output.name for output in interface.outputs]
        return Predictor(session, io.preprocessing, resolved.task, outputs)
    except Exception:
        session.close()
        raise


def _tell(resolved: ResolvedTask, path: Path, messages: Messages, labels: tuple[str, ...]) -> None:
    kind = resolved.task.spec.kind
    if resolved.is_unknown:
        messages.note(f"{path.name}: {resolved.reason}; answers are plain numbers (or say --task)")
    if labels and not resolved.task.spec.labels:
        messages.note(
            f"the {len(labels)} labels are not used: {path.name} is for {kind}; "
            "--task classification or multilabel takes its numbers for scores"
        )


def _real(values: FloatArray) -> FloatArray:
    return values.reshape(values.shape[1:]) if values.shape[:1] == (1,) else values


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
