"""A `.tflite` asked about an image set: its task, and its answers by the fast kernels."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from edgevision.dataset.annotation import ClassLabel
from edgevision.dataset.imageset import ImageSet
from edgevision.errors import ModelError
from edgevision.evaluation.collect import collect
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.preprocess.pixels import to_pixels
from edgevision.progress import Progress, silent
from edgevision.runtime.input_encoder import InputEncoder
from edgevision.runtime.session import Session
from edgevision.runtime.session_pool import SessionPool
from edgevision.tasks.answers import Answers
from edgevision.tasks.interface import FrameSize, Outputs
from edgevision.tasks.of_file import interface_of_file
from edgevision.tasks.registry import build_task
from edgevision.tasks.resolve import ResolvedTask, resolve_task
from edgevision.tasks.spec import TaskSpec
from edgevision.tasks.task import Task
from edgevision.tensors import Pixels
from edgevision.tflite.view import read_model


def task_of_file(
    model: Path | bytes,
    *,
    preprocessing: ImagePreprocessing | None = None,
    declared: TaskSpec | None = None,
    card: TaskSpec | None = None,
    labels: tuple[str, ...] = (),
    images: ImageSet | None = None,
) -> ResolvedTask:
    """The task of a file: as `declared`, as its card says, or as far as the file tells.

    Args:
        model: path or content.
        preprocessing: how it is fed: a detector's boxes have no place in the picture without.
        declared: what the user says.
        card: what its card says (`ModelIO.task`).
        labels: class names from a list, where the declaration brings none.
        images: the labelled images at hand, if any: as many classes as scores make a classifier.

    Raises:
        ModelError: the file is damaged, or its outputs do not fit what was declared.
        UsageError: an unknown task or option is declared.
    """
    return resolve_task(
        interface_of_file(read_model(model), preprocessing),
        declared=declared,
        card=card,
        labels=labels,
        image_classes=_classes_of(images) if images is not None else 0,
    )


def task_of_twin(task: Task, twin: Path | bytes, preprocessing: ImagePreprocessing) -> Task:
    """`task` for another file of the same network: its meaning, and its own activation.

    Raises:
        ModelError: the file is damaged, or its outputs are none that the task can read.
    """
    interface = interface_of_file(read_model(twin), preprocessing)
    return build_task(replace(task.spec, activations=()), interface)


def task_of_both(task: Task, twin: Task, model: Path | bytes, fed_by: ImagePreprocessing) -> Task:
    """What compares answers that `task` gathered of `model` with those that `twin` gathered.

    The task itself, unless one file ends in a softmax and the other before it: then the values of
    each decide whether they are probabilities.
    """
    if task.spec.activations == twin.spec.activations:
        return task
    interface = interface_of_file(read_model(model), fed_by)
    outputs = tuple(replace(output, maker="other") for output in interface.outputs)
    return build_task(replace(task.spec, activations=()), replace(interface, outputs=outputs))


def _classes_of(images: ImageSet) -> int:
    if images.classes:
        return len(images.classes)
    # Labels of an array come without names.
    return 1 + max((item.label for item in images if item.label is not None), default=-1)


def answers_of(
    model: Path | bytes,
    preprocessing: ImagePreprocessing,
    task: Task,
    images: ImageSet,
    *,
    threads: int | None = None,
    progress: Progress = silent,
    stage: str = "evaluating",
) -> Answers:
    """What `task` keeps of the outputs of the file `model` on every image of a set.

    Args:
        model: path or content.
        preprocessing: how it is fed.
        task: what its outputs mean.
        images: decoded as they are needed, a few at a time.
        threads: of the runtime altogether; all usable CPUs unless given.
        progress: told of each image.
        stage: what `progress` is told that this is.

    Raises:
        ModelError: the runtime refuses the file, it does not take these images, or it answers
            with a NaN.
        ImageSetError: an image cannot be decoded.
    """
    with SessionPool(model, threads=threads) as pool:
        return answers_in(pool, preprocessing, task, images, progress=progress, stage=stage)


def answers_in(
    session: Session | SessionPool,
    preprocessing: ImagePreprocessing,
    task: Task,
    images: ImageSet,
    *,
    progress: Progress = silent,
    stage: str = "evaluating",
) -> Answers:
    """As `answers_of`, of a file that is open already.

    Raises:
        ModelError: it does not take these images, or answers with a NaN.
        ImageSetError: an image cannot be decoded.
    """
    if len(session.inputs) != 1:
        message = f"the model has {len(session.inputs)} inputs; only models of one image are run"
        raise ModelError(message)
    encode = InputEncoder(session.inputs[0], preprocessing)
    outputs = session.outputs

    def run(one: Session, picture: tuple[Pixels, FrameSize]) -> tuple[Outputs, FrameSize]:
        pixels, frame = picture
        stored = one.run(encode(pixels))
        # Without the batch axis, which is always 1.
        real = (spec.to_real(values) for spec, values in zip(outputs, stored, strict=True))
        return tuple(values[0] if values.ndim else values for values in real), frame

    def pictures() -> Iterator[tuple[Pixels, FrameSize]]:
        progress(0, len(images), stage)
        for done, item in enumerate(images, start=1):
            image = images.load(item)
            height, width = image.shape[:2]
            yield to_pixels(image, preprocessing), FrameSize(width=width, height=height)
            progress(done, len(images), stage)

    return collect(
        task,
        session.map(run, pictures()),
        ids=tuple(item.id for item in images),
        truth=tuple(None if item.label is None else ClassLabel(item.label) for item in images),
    )
