"""What remedies do: the file made again with one change at a time, and its answers compared."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from edgevision.dataset.imageset import ImageSet
from edgevision.evaluation.run_file import answers_of, task_of_both, task_of_twin
from edgevision.progress import Progress, silent
from edgevision.tasks.answers import Answers
from edgevision.tasks.figures import Agreement
from edgevision.tasks.task import Task
from edgevision.verify.explain import Layer
from edgevision.verify.layers.snapshot import File
from edgevision.verify.what_if.remedy import (
    UNCHANGED,
    Change,
    Trial,
    WhatIf,
    agreement_with,
    try_changes,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trials:
    """What remedies do, measured on images that the trial files were not calibrated on."""

    images: int
    given: Agreement
    """Of the file as it was given, on the same images."""
    unchanged: WhatIf
    """Quantized again without any change: what the effects are to be compared with."""
    remedies: tuple[WhatIf, ...]


def measure_remedies(
    original: File,
    quantized: File,
    layers: Sequence[Layer],
    trial: Trial,
    images: ImageSet,
    *,
    task: Task,
    threads: int = 1,
    progress: Progress = silent,
) -> Trials:
    """Try what would help `layers`, one change at a time, on `images`.

    `task` says what the outputs mean, and so what agreeing with the float model is.

    Raises:
        ModelError: a file does not take these images.
        ImageSetError: an image cannot be decoded.
    """
    twin = task_of_twin(task, quantized.content, quantized.preprocessing)
    reference, ours = (
        answers_of(file.content, file.preprocessing, of, images, threads=threads)
        for file, of in ((original, task), (quantized, twin))
    )
    both = task_of_both(task, twin, original.content, original.preprocessing)
    given = agreement_with(both, ours, reference)
    changes = list(dict.fromkeys(one for layer in layers for one in layer.changes))
    done = 0

    def with_progress(change: Change) -> Answers:
        nonlocal done
        progress(done, 1 + len(changes), "trying remedies")
        answers = trial(change)
        done += 1
        progress(done, 1 + len(changes), "trying remedies")
        return answers

    tried = try_changes([UNCHANGED, *changes], with_progress, both, reference)
    return Trials(
        images=len(images),
        given=given,
        unchanged=tried[UNCHANGED],
        remedies=tuple(tried[change] for change in changes),
    )


def halves(images: ImageSet) -> tuple[ImageSet, ImageSet]:
    """Every second image, and the others: to calibrate on, and to measure on."""
    return replace(images, items=images.items[::2]), replace(images, items=images.items[1::2])
