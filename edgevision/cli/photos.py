"""Which photos and which preprocessing a command uses; shared by commands that calibrate."""

from pathlib import Path
from typing import TYPE_CHECKING

from edgevision.cli import console, options
from edgevision.progress import Progress, silent

if TYPE_CHECKING:
    from edgevision.dataset.calibration_set import CalibrationSet
    from edgevision.dataset.imageset import ImageSet
    from edgevision.pipeline.plan import Photos
    from edgevision.preprocess.preprocessing import Preprocessing


def calibration_photos(
    given: Path | None, *, needed: bool, progress: Progress = silent
) -> "tuple[Photos | None, CalibrationSet | None]":
    """The calibration photos, and the set they were built as, if they were.

    Raises:
        ImageSetError: there are none, and they are `needed`.
    """
    from edgevision.dataset.calibration_set import SET_FILE, find_set, is_set, no_set, read_set
    from edgevision.dataset.open_set import open_image_set
    from edgevision.pipeline.images import photos_of, photos_of_set

    found = given if given is not None else find_set(Path.cwd())
    if found is None:
        if needed:
            raise no_set(Path.cwd())
        return None, None
    if found.name == SET_FILE:
        found = found.parent
    if is_set(found):
        kept = read_set(found)
        return photos_of_set(kept), kept
    images = open_image_set(found)
    options.say_skipped(images)
    return photos_of(images, progress=progress), None


def opened(path: Path | None, names: tuple[str, ...] = ()) -> "ImageSet | None":
    """The image set at `path`, when there is a path."""
    from edgevision.dataset.open_set import open_image_set

    if path is None:
        return None
    images = open_image_set(path, class_names=names)
    options.say_skipped(images)
    return images


def over_set(said: "Preprocessing", kept: "CalibrationSet | None") -> "Preprocessing":
    """What the flags say, over what the calibration set says."""
    of_set = kept.preprocessing if kept is not None else None
    if of_set is not None and said.preset is None:
        said = said.over(of_set)
    for line in said.notes():
        console.note(line)
    return said
