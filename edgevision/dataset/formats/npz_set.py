"""Arrays in an `.npz` file: `x` images, and `y` labels when there are any."""

import math
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from edgevision.dataset.classes import ClassNames
from edgevision.dataset.formats.array_set import set_of_arrays
from edgevision.dataset.imageset import ImageSet
from edgevision.errors import ImageSetError

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
    return set_of_arrays(arrays["x"], arrays.get("y"), path=path, known=known)


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
