"""Photos: from a path, arrays, or the representative data of TFLite's converter."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edgevision.api.arguments.messages import Messages
from edgevision.dataset.calibration.calibration_set import (
    SET_FILE,
    CalibrationSet,
    find_set,
    is_set,
    no_set,
    read_set,
)
from edgevision.dataset.classes import read_class_names
from edgevision.dataset.formats.array_set import image_set_of_arrays
from edgevision.dataset.formats.open_set import open_image_set
from edgevision.dataset.imageset import ImageSet
from edgevision.errors import ImageSetError, UsageError
from edgevision.pipeline.images import photos_of, photos_of_set
from edgevision.pipeline.request import Photos
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.progress import Progress, silent

ImagesLike: TypeAlias = str | Path | ImageSet | NDArray[np.uint8] | tuple[ArrayLike, ArrayLike]
"""A path (class folders, a folder with labels.csv, a plain folder, an .npz), an image set, pixels
0-255 (n, height, width, 3), or those with their labels: (x, y)."""

Representative: TypeAlias = Callable[[], Iterable[Sequence[NDArray[Any]]]]
"""TFLite's `representative_dataset`: yields lists with one float32 array (1, height, width,
channels), normalized as the model wants it."""

LabelsLike: TypeAlias = str | Path | Sequence[str]
"""A file of class names, one a line, or the names in index order."""


def image_set(
    data: ImagesLike,
    messages: Messages,
    *,
    labels: str | Path | None = None,
    class_names: Sequence[str] = (),
) -> ImageSet:
    """The images of `data`; of files in it that cannot be decoded, a warning.

    Raises:
        ImageSetError: nothing there, nothing readable, or labels that do not fit.
        UsageError: `labels` is given for what has its own.
    """
    if isinstance(data, str | Path):
        table = None if labels is None else Path(labels)
        images = open_image_set(Path(data), labels=table, class_names=class_names)
        warn_of_skipped(images, messages)
        return images
    if labels is not None:
        raise UsageError("--labels is for images in a folder; give arrays as (x, y)")
    if isinstance(data, ImageSet):
        return data
    x, y = data if isinstance(data, tuple) else (data, None)
    return image_set_of_arrays(x, y, classes=class_names)


def warn_of_skipped(images: ImageSet, messages: Messages) -> None:
    """Warn of pictures in the set's folder that cannot be decoded and so are not in the set."""
    if images.skipped:
        first = ", ".join(images.skipped[:3])
        more = f" and {len(images.skipped) - 3} more" if len(images.skipped) > 3 else ""
        messages.warn(f"left out of {images.path}: {first}{more}; save them as JPEG or PNG")


def class_names(labels: LabelsLike | None) -> tuple[str, ...]:
    """Class names in index order; empty without any.

    Raises:
        UsageError: the file is a table of labels, not a list of names.
        ImageSetError: it cannot be read.
    """
    if labels is None:
        return ()
    if not isinstance(labels, str | Path):
        return tuple(labels)
    path = Path(labels)
    if path.suffix.lower() == ".csv":
        raise UsageError(
            f"{path} is a table", hint="--labels takes class names, one a line, in index order"
        )
    return read_class_names(path)


def calibration_photos(
    given: ImagesLike | CalibrationSet | None,
    messages: Messages,
    *,
    needed: bool,
    progress: Progress = silent,
) -> tuple[Photos | None, CalibrationSet | None]:
    """The calibration photos, and the set they were built as, if they were.

    Without any the one set under calibration/ in the working directory is taken.

    Raises:
        ImageSetError: there are none, and they are `needed`; or one cannot be decoded.
    """
    if isinstance(given, str | Path) or given is None:
        found = Path(given) if given is not None else find_set(Path.cwd())
        if found is None:
            if needed:
                raise no_set(Path.cwd())
            return None, None
        if found.name == SET_FILE:
            found = found.parent
        given = read_set(found) if is_set(found) else found
    if isinstance(given, CalibrationSet):
        return photos_of_set(given), given
    return photos_of(image_set(given, messages), progress=progress), None


def representative_photos(data: Representative, preprocessing: ImagePreprocessing) -> ImageSet:
    """The pixels behind TFLite's representative data: what `preprocessing` makes these arrays of.

    A value that lies between two pixel values, as resized floats do, goes to the nearer one: half a
    step of 255 moves no range.

    Raises:
        UsageError: what is yielded is no list of one array of the model's input shape.
        ImageSetError: the values are not normalized as `preprocessing` says.
    """
    if preprocessing.crop_fraction != 1:
        raise UsageError(
            "representative data are cropped already, and the preprocessing crops again",
            hint="give the photos themselves as calibration",
        )
    shape = (1, preprocessing.height, preprocessing.width, preprocessing.channels)
    mean = np.asarray(preprocessing.channel_mean, np.float32)
    std = np.asarray(preprocessing.channel_std, np.float32)
    rows = []
    for number, arrays in enumerate(data()):
        array = np.asarray(arrays[0]) if len(arrays) == 1 else None
        if array is None or array.shape != shape:
            got = [list(np.shape(one)) for one in arrays]
            raise UsageError(f"representative data {number} has shapes {got}, not [{list(shape)}]")
        rows.append(array[0].astype(np.float32) * std + mean)
    real = np.stack(rows) if rows else np.zeros((0, *shape[1:]), np.float32)
    low, high = (float(real.min()), float(real.max())) if rows else (0.0, 0.0)
    if rows and (not -1 <= low <= high <= 256 or high <= 1):
        raise ImageSetError(
            f"under this preprocessing the representative data are pixels from {low:.4g} to "
            f"{high:.4g}, not 0 to 255",
            hint="say how the arrays were normalized: --preprocess NAME, or --mean and --std",
        )
    pixels = np.rint(real).clip(0, 255).astype(np.uint8)
    if preprocessing.color == "bgr":
        pixels = pixels[..., ::-1]
    return image_set_of_arrays(pixels, name="representative data")
