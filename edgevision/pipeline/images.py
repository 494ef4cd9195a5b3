"""Calibration photos: what pins them in the model card, and their pixels."""

import hashlib
from dataclasses import replace

from edgevision.card.card import CalibrationSource
from edgevision.dataset.calibration.calibration_set import CalibrationSet
from edgevision.dataset.calibration.choose import USUAL_COUNT, choose
from edgevision.dataset.calibration.manifest import manifest_text
from edgevision.dataset.imageset import ImageSet
from edgevision.errors import ImageSetError
from edgevision.pipeline.pixel_store import PixelStore
from edgevision.pipeline.request import OptimizeRequest, Photos
from edgevision.progress import Progress, silent

SEED = 0
"""Of the choice among many photos; `calibration build --seed` makes another."""


def photos_of_set(calibration_set: CalibrationSet) -> Photos:
    """A calibration set that was built and written down: its digest is its manifest's."""
    return Photos(
        images=calibration_set.images,
        source=CalibrationSource(
            name=calibration_set.path.name,
            sha256=calibration_set.digest,
            images=len(calibration_set.images),
            seed=calibration_set.seed,
        ),
    )


def photos_of(images: ImageSet, *, progress: Progress = silent) -> Photos:
    """Calibration photos straight from an image set: at most `USUAL_COUNT`, each picture once.

    Raises:
        ImageSetError: an image cannot be decoded.
    """
    choice = choose(images, count=USUAL_COUNT, seed=SEED, progress=progress)
    if choice.unreadable:
        raise ImageSetError(
            choice.unreadable[0],
            hint="remove it; edgevision calibration check lists all that is wrong with a set",
        )
    chosen = replace(images, items=choice.items)
    return Photos(
        images=chosen,
        source=CalibrationSource(
            name=images.name,
            sha256=hashlib.sha256(manifest_text(choice).encode()).hexdigest(),
            images=len(chosen),
            seed=SEED,
        ),
    )


def calibration_pixels(
    plan: OptimizeRequest, photos: PixelStore
) -> tuple[PixelStore | None, tuple[str, ...]]:
    """The pixels to calibrate on, None without photos to, and what is to be warned of.

    They are `photos`, those of the proof, when there are no others.
    """
    if plan.calibration is None:
        return None, ()
    if plan.evaluation is None:
        return photos, ()
    own = PixelStore(plan.calibration.images, photos.preprocessing)
    shared, count = overlap(plan.calibration.images, plan.evaluation), len(plan.evaluation)
    if not shared:
        return own, ()
    among = f"{shared} of the {count} evaluation images are in the calibration set too"
    return own, (f"{among}: the figures flatter",)


def overlap(calibration: ImageSet, evaluation: ImageSet) -> int:
    """How many evaluation images have the same content as a calibration image."""
    known = {calibration.digest(item) for item in calibration}
    return sum(evaluation.digest(item) in known for item in evaluation)
