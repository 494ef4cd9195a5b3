"""Gathering a model's answers on an image set, keeping only what its task needs of each."""

import math
import tempfile
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgevision.dataset.annotation import Annotation
from edgevision.errors import ModelError
from edgevision.tasks.answers import Answers
from edgevision.tasks.interface import Condensed, FrameSize, Outputs
from edgevision.tasks.task import Task

_IN_MEMORY = 1 << 30
"""Bytes of one stack above which it lies in a temporary file that the kernel pages."""


def collect(
    task: Task,
    outputs: Iterable[tuple[Outputs, FrameSize]],
    *,
    ids: Sequence[str],
    truth: Sequence[Annotation | None] | None = None,
    class_names: tuple[str, ...] = (),
) -> Answers:
    """What `task` keeps of `outputs`, which are drawn one at a time.

    Args:
        task: what the outputs mean.
        outputs: real outputs and the picture's size of each image, in the set's order.
        ids: of all images: how many there are is known before the first is drawn.
        truth: annotations in the same order; those of a set that lacks some are not used.
        class_names: of the classes that the truth counts.

    Raises:
        ModelError: an output holds a NaN or an infinity: what is decided by it would be made up.
        ValueError: there are more or fewer outputs than ids.
    """
    stacks: tuple[NDArray[Any], ...] = ()
    frames: list[FrameSize] = []
    for index, (one, frame) in enumerate(outputs):
        if index >= len(ids):
            message = f"there are outputs of more than {len(ids)} images"
            raise ValueError(message)
        _refuse_nan(one, ids[index])
        condensed = task.condense(one)
        stacks = stacks or tuple(_empty((len(ids), *a.shape), a.dtype) for a in condensed)
        for stack, array in zip(stacks, condensed, strict=True):
            stack[index] = array
        frames.append(frame)
    if len(frames) != len(ids):
        message = f"there are outputs of {len(frames)} images, and {len(ids)} ids"
        raise ValueError(message)
    known = [one for one in truth or () if one is not None]
    return Answers(
        ids=tuple(ids),
        frames=tuple(frames),
        condensed=Condensed(stacks),
        truth=tuple(known) if known and len(known) == len(ids) else None,
        class_names=class_names,
    )


def _refuse_nan(outputs: Outputs, id_: str) -> None:
    if not all(np.isfinite(array).all() for array in outputs):
        message = f"the model answers {id_} with values that are no numbers"
        raise ModelError(
            message, hint="is the preprocessing right? 16-bit floats (fp16) end at 65504"
        )


def _empty(shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
    if math.prod(shape) * dtype.itemsize <= _IN_MEMORY:
        return np.empty(shape, dtype)
    # Without a name from the start, so that nothing is left behind however the process ends.
    with tempfile.TemporaryFile() as file:
        return np.memmap(file, dtype=dtype, mode="w+", shape=shape)
