"""Interfaces and answers for the tests of tasks."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgevision.dataset.annotation import Annotation
from edgevision.evaluation.collect import collect
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.tasks.answers import Answers
from edgevision.tasks.interface import FrameSize, Maker, ModelInterface, OutputInterface
from edgevision.tasks.task import Task

FRAME = FrameSize(width=64, height=48)


def model(
    *shapes: tuple[int, ...],
    maker: Maker = "other",
    preprocessing: ImagePreprocessing | None = None,
) -> ModelInterface:
    return ModelInterface(
        outputs=tuple(
            OutputInterface(name=f"out{at}", shape=shape, maker=maker)
            for at, shape in enumerate(shapes)
        ),
        preprocessing=preprocessing,
    )


def answers(
    task: Task, *outputs: NDArray[Any], truth: Sequence[Annotation | None] | None = None
) -> Answers:
    """Answers to images named 0.jpg, 1.jpg, ...; each of `outputs` is (images, ...)."""
    stacks = [np.asarray(stack, np.float32) for stack in outputs]
    count = len(stacks[0])
    return collect(
        task,
        ((tuple(stack[row] for stack in stacks), FRAME) for row in range(count)),
        ids=[f"{row}.jpg" for row in range(count)],
        truth=truth,
    )
