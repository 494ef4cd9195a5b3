"""Arrays in an `.npz` file: `x` images, and `y` labels when there are any."""

import hashlib
import math
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from edgevision.dataset.annotation import ClassLabel
from edgevision.dataset.classes import ClassNames
from edgevision.dataset.imageset import ImageSet, Item
from edgevision.errors import ImageSetError
from edgevision.tensors import RgbImage

MAX_ARRAY_BYTES = 2 << 30
"""Largest array read, unpacked. A zip of a few megabytes can claim terabytes; and who has more
than this many pixels is better served by image files, which are read one at a time."""

_BLOCK = 1 << 24


def open_npz_set(path: Path, known: ClassNames) -> ImageSet:
    """The images in array `x`, labelled by array `y` when the file has one.

    `x` is uint8 [N, H, W, 3], [N, H, W, 1] or [N, H, W]; other types only when every value is a
    whole number from 0 to 255. `y` is [N] or [N, 1] integers, or [N, classes] one-hot. Unlike
    files, the array stays in memory while the set is in use.

    Raises:
        ImageSetError: the file is damaged, too large, or holds something else; nothing in it is
            ever unpickled.
    """
    arrays = _read_arrays(path, ("x", "y"))
    if "x" not in arrays:
        message = f"{path} has no array named x"
        raise ImageSetError(message, hint="numpy.savez(file, x=images, y=labels)")
    images = _as_pixels(arrays["x"], path)
    labels: list[ClassLabel | None] = [None] * len(images)
    if "y" in arrays:
        labels = [ClassLabel(index) for index in _as_labels(arrays["y"], len(images), known, path)]

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
        classes=known.names if "y" in arrays else (),
        load=load,
        digest=digest,
    )


def _read_arrays(path: Path, wanted: tuple[str, ...]) -> dict[str, NDArray[Any]]:
    try:
        with zipfile.ZipFile(path) as archive:
            present = set(archive.namelist())
            arrays = {}
            for name in wanted:
                if f"{name}.npy" in present:
                    with archive.open(f"{name}.npy") as member:
                        arrays[name] = _read_npy(member, f"{path} array {name}")
            return arrays
    except OSError as error:
        message = f"cannot read {path}: {error.strerror or error}"
        raise ImageSetError(message, hint="check the path and its rights") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        message = f"{path} is damaged or not an .npz file: {error}"
        raise ImageSetError(message, hint="write it again with numpy.savez") from error


def _read_npy(member: IO[bytes], what: str) -> NDArray[Any]:
    """One array, its size checked before anything of that size is allocated."""
    try:
        version = np.lib.format.read_magic(member)
        read_header = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }[version]
        shape, is_fortran, dtype = read_header(member)
    except (ValueError, KeyError) as error:
        raise ImageSetError(f"{what} is not a plain array: {error}") from error
    if dtype.hasobject or dtype.fields is not None:
        message = f"{what} holds Python objects or records, which are never loaded"
        raise ImageSetError(message, hint="save plain numbers: numpy.savez(file, x=images)")
    size = math.prod(shape) * dtype.itemsize
    if size > MAX_ARRAY_BYTES:
        message = f"{what} would take {size / 1e9:.1f} GB"
        raise ImageSetError(message, hint="save the images as files: they are read one at a time")
    content = bytearray()
    while len(content) < size:
        if not (block := member.read(min(_BLOCK, size - len(content)))):
            raise ImageSetError(f"{what} ends early", hint="write it again with numpy.savez")
        content += block
    flat = np.frombuffer(content, dtype)
    return flat.reshape(shape, order="F" if is_fortran else "C")


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
