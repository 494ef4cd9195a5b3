"""Which photos and which preprocessing a command uses; shared by commands that calibrate."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from edgevision.cli import console
from edgevision.cli.options import common as options

if TYPE_CHECKING:
    from edgevision.card.model_io import ModelIO
    from edgevision.dataset.calibration.calibration_set import CalibrationSet
    from edgevision.dataset.imageset import ImageSet
    from edgevision.pipeline.request import Photos
    from edgevision.preprocess.declared import Preprocessing


def calibration_photos(
    given: Path | None, *, needed: bool
) -> "tuple[Photos | None, CalibrationSet | None]":
    """The calibration photos, and the set they were built as, if they were.

    Raises:
        ImageSetError: there are none, and they are `needed`.
    """
    from edgevision.dataset.calibration.calibration_set import (
        SET_FILE,
        find_set,
        is_set,
        no_set,
        read_set,
    )
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
    images = opened(found)
    with console.progress_bar() as progress:
        return photos_of(images, progress=progress), None


def opened(path: Path, names: tuple[str, ...] = ()) -> "ImageSet":
    """The image set at `path`, with a warning of the pictures in it that cannot be decoded."""
    from edgevision.dataset.formats.open_set import open_image_set

    images = open_image_set(path, class_names=names)
    options.say_skipped(images)
    return images


def over_set(declared: "Preprocessing", kept: "CalibrationSet | None") -> "Preprocessing":
    """What the flags say, over what the calibration set says."""
    of_set = kept.preprocessing if kept is not None else None
    if of_set is not None:
        if declared.preset is not None:
            # Another preset replaces the set's normalization, not how photos are fitted.
            of_set = replace(of_set, preset=None, mean=None, std=None, color=None)
        declared = declared.over(of_set)
    for line in declared.notes():
        console.note(line)
    return declared


def usage_told(
    model: Path, declared: "Preprocessing", *, without_card: "Preprocessing | None" = None
) -> "ModelIO":
    """How to use the file, as `model_io_of` has it; what was said and is not used is told."""
    from edgevision.card.model_io import model_io_of
    from edgevision.preprocess.declared import Preprocessing

    found = model_io_of(model, declared, without_card=without_card or Preprocessing())
    if found.note:
        console.note(found.note)
    return found
