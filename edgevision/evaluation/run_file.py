"""A `.tflite` asked about an image set: its task, and its answers by the fast kernels."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from edgevision.dataset.imageset import ImageSet
from edgevision.evaluation.choose_task import choose_task
from edgevision.evaluation.collect import collect
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.progress import Progress, silent
from edgevision.runtime.predict import outputs_of, pixels_of
from edgevision.runtime.session import Session
from edgevision.runtime.session_pool import SessionPool
from edgevision.tasks.answers import Answers
from edgevision.tasks.interface import FrameSize
from edgevision.tasks.of_file import interface_of_file
from edgevision.tasks.registry import build_task
from edgevision.tasks.resolve import ResolvedTask
from edgevision.tasks.spec import TaskSpec
from edgevision.tasks.task import Task
from edgevision.tensors import Pixels
from edgevision.tflite.read import read_model


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
        labels: class names from a list, in place of the card's.
        images: the labelled images at hand, if any: as many classes as scores make a classifier,
            and name its classes where nothing else does.

    Raises:
        ModelError: the file is damaged, or its outputs do not fit what was declared.
        UsageError: an unknown task or option is declared.
    """
    return choose_task(
        interface_of_file(read_model(model), preprocessing),
        declared=declared,
        card=card,
        labels=labels,
        images=images,
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
    pictures = pixels_of(images, preprocessing, progress, stage)
    return answers_on(session, preprocessing, task, images, pictures)


def answers_on(
    session: Session | SessionPool,
    preprocessing: ImagePreprocessing,
    task: Task,
    images: ImageSet,
    pictures: Iterable[tuple[Pixels, FrameSize]],
) -> Answers:
    """As `answers_in`, where the `pictures` of the images are decoded and fitted already.

    Raises:
        ModelError: it does not take these images, or answers with a NaN.
        ImageSetError: an image cannot be decoded.
    """
    return collect(
        task,
        outputs_of(session, preprocessing, pictures),
        ids=[item.id for item in images],
        truth=[item.annotation for item in images],
        class_names=images.classes,
    )
