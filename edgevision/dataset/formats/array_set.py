"""Images in memory: `x` pixels, and `y` labels when there are any."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edgevision.dataset.annotation import ClassLabel
from edgevision.dataset.classes import ClassNames
from edgevision.dataset.imageset import ImageSet, Item
from edgevision.errors import ImageSetError
from edgevision.tensors import RgbImage


def image_set_of_arrays(
    x: ArrayLike,
    y: ArrayLike | None = None,
    *,
    classes: Sequence[str] = (),
    name: str = "array",
) -> ImageSet:
    """The image set of pixels `x` with labels `y`; the arrays stay in memory, as they are.

    Args:
        x: uint8 (n, height, width, 3), (n, height, width, 1) or (n, height, width); other types
            only when every value is a whole number from 0 to 255.
        y: (n,) or (n, 1) integers, or (n, classes) one-hot; None for images without labels.
        classes: class names in index order.
        name: in reports, in the model card and in errors.

    Returns:
        The set, whose items are called "NAME#0" and so on.

    Raises:
        ImageSetError: the arrays are of another shape or hold something else.

    Example:
        >>> import numpy as np
        >>> import edgevision as ev
        >>> len(ev.image_set_of_arrays(np.zeros((5, 16, 16, 3), np.uint8), [0, 1, 2, 0, 1]))
        5
    """
    known = ClassNames(names=tuple(classes), origin="classes" if classes else "")
    labels = None if y is None else np.asarray(y)
    return set_of_arrays(np.asarray(x), labels, path=Path(name), known=known)


def set_of_arrays(
    x: NDArray[Any], y: NDArray[Any] | None, *, path: Path, known: ClassNames
) -> ImageSet:
    """As `image_set_of_arrays`, of arrays that lie at `path`."""
    images = _as_pixels(x, path)
    labels: list[ClassLabel | None] = [None] * len(images)
    if y is not None:
        labels = [ClassLabel(index) for index in _as_labels(y, len(images), known, path)]

    def row_of(item: Item) -> NDArray[np.uint8]:
        row: NDArray[np.uint8] = images[int(item.id.rpartition("#")[2])]
        return row

    def load(item: Item) -> RgbImage:
        # A copy: what the caller does to its picture must not change the set.
        return np.array(np.broadcast_to(row_of(item), (*images.shape[1:3], 3)), order="C")

    def digest(item: Item) -> str:
        row = row_of(item)
        return hashlib.sha256(f"{row.shape}".encode() + row.tobytes()).hexdigest()

    return ImageSet(
        path=path,
        items=tuple(Item(f"{path.name}#{row}", label) for row, label in enumerate(labels)),
        classes=known.names if y is not None else (),
        load=load,
        digest=digest,
    )


def _as_pixels(x: NDArray[Any], path: Path) -> NDArray[np.uint8]:
    """`x` as uint8 [N, H, W, 1 or 3]."""
    if x.ndim == 3:
        x = x[..., None]
    if x.ndim != 4 or x.shape[3] not in {1, 3}:
        message = f"{path}: x has shape {list(x.shape)}"
        raise ImageSetError(message, hint="images are [N, H, W, 3], [N, H, W, 1] or [N, H, W]")
    if 0 in x.shape:
        raise ImageSetError(f"{path} holds no images: x has shape {list(x.shape)}")
    if x.dtype == np.uint8:
        return x
    if x.dtype.kind not in "iuf":
        raise ImageSetError(f"{path}: x holds {x.dtype}", hint="save pixels 0-255 as uint8")
    pixels = np.empty(x.shape, np.uint8)
    for row, image in enumerate(x):
        with np.errstate(invalid="ignore"):
            pixels[row] = np.where((image >= 0) & (image <= 255), image, 0).astype(np.uint8)
        if not np.array_equal(pixels[row], image):
            message = (
                f"{path}: x is {x.dtype} and image {row} has values from {image.min():g} to "
                f"{image.max():g}, not whole numbers 0-255"
            )
            raise ImageSetError(
                message, hint="save the pixels as uint8, before any scaling or normalization"
            )
    return pixels


def _as_labels(y: NDArray[Any], count: int, known: ClassNames, path: Path) -> list[int]:
    if y.ndim == 0 or len(y) != count:
        raise ImageSetError(f"{path}: y has shape {list(y.shape)} for {count} images")
    classes = len(known)
    if y.ndim == 2 and y.shape[1] > 1:
        bad = np.flatnonzero(((y != 0).sum(axis=1) != 1) | ((y == 1).sum(axis=1) != 1))
        if len(bad):
            message = f"{path}: y is [N, {y.shape[1]}] but row {bad[0]} is not one-hot"
            raise ImageSetError(message, hint="exactly one 1 a row, or integers [N]")
        if known and classes != y.shape[1]:
            raise ImageSetError(f"{path}: y has {y.shape[1]} columns, but there are {known}")
        return [int(label) for label in y.argmax(axis=1)]
    if y.ndim > 2 or y.dtype.kind not in "iu":
        message = f"{path}: y is {y.dtype} with shape {list(y.shape)}"
        raise ImageSetError(message, hint="labels are integers [N], or one-hot [N, classes]")
    labels = [int(label) for label in y.reshape(-1)]
    for row, label in enumerate(labels):
        if label < 0 or (known and label >= classes):
            ends = f" for {known}" if known else ""
            raise ImageSetError(f"{path}: label {label} of image {row} is out of range{ends}")
    return labels
