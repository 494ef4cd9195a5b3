"""What remedies do: the file made again with one change at a time, and its answers compared."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from edgevision.dataset.imageset import ImageSet
from edgevision.predictions import Predictions
from edgevision.progress import Progress, silent
from edgevision.verify.answers import answers_of
from edgevision.verify.explain import Layer
from edgevision.verify.layers.snapshot import File
from edgevision.verify.what_if.remedy import (
    UNCHANGED,
    Change,
    Closeness,
    Trial,
    WhatIf,
    closeness,
    try_changes,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trials:
    """What remedies do, measured on images that the trial files were not calibrated on."""

    images: int
    given: Closeness
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
    threads: int = 1,
    progress: Progress = silent,
) -> Trials:
    """Try what would help `layers`, one change at a time, on `images`.

    Raises:
        ModelError: a file does not take these images.
        ImageSetError: an image cannot be decoded.
    """
    reference = answers_of(original, images, threads=threads)
    given = closeness(answers_of(quantized, images, threads=threads), reference)
    changes = list(dict.fromkeys(one for layer in layers for one in layer.changes))
    done = 0

    def with_progress(change: Change) -> Predictions:
        nonlocal done
        progress(done, 1 + len(changes), "trying remedies")
        answers = trial(change)
        done += 1
        progress(done, 1 + len(changes), "trying remedies")
        return answers

    tried = try_changes([UNCHANGED, *changes], with_progress, reference)
    return Trials(
        images=len(images),
        given=given,
        unchanged=tried[UNCHANGED],
        remedies=tuple(tried[change] for change in changes),
    )


def halves(images: ImageSet) -> tuple[ImageSet, ImageSet]:
    """Every second image, and the others: to calibrate on, and to measure on."""
    return replace(images, items=images.items[::2]), replace(images, items=images.items[1::2])
