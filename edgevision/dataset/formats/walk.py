"""Which image files lie in a folder, in an order that does not depend on the file system."""

import stat
from dataclasses import dataclass
from pathlib import Path

from edgevision.dataset.decode import IMAGE_SUFFIXES
from edgevision.errors import ImageSetError

UNREADABLE_SUFFIXES = frozenset(
    {".gif", ".heic", ".heif", ".avif", ".jxl", ".jp2", ".dng", ".cr2", ".nef", ".arw", ".svg"}
)
"""Pictures we do not decode: named to the user rather than left out in silence."""

# Written by file managers and archivers, on purpose without a leading dot.
_LITTER = frozenset({"__MACOSX", "Thumbs.db", "desktop.ini", "@eaDir"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What one folder holds directly, hidden entries left out; names sorted."""

    folders: tuple[str, ...]
    images: tuple[str, ...]
    unreadable: tuple[str, ...]
    """Picture files of kinds we cannot decode."""
    others: tuple[str, ...]


def list_folder(folder: Path) -> Listing:
    """The folder's entries by kind; links are followed.

    Raises:
        ImageSetError: the folder cannot be read, or an entry is a link that leads nowhere.
    """
    try:
        names = sorted(entry.name for entry in folder.iterdir())
    except OSError as error:
        message = f"cannot read {folder}: {error.strerror}"
        raise ImageSetError(message, hint="check the path and its rights") from error
    for name in names:
        # Bytes that are no UTF-8 are kept as surrogates; such a name fits in no list or report.
        if not name.isprintable() and any("\ud800" <= letter <= "\udfff" for letter in name):
            message = f"{folder} holds a file whose name is not UTF-8: {name!r}"
            raise ImageSetError(message, hint="rename it")
    kinds: dict[str, list[str]] = {"folders": [], "images": [], "unreadable": [], "others": []}
    for name in names:
        if not name.startswith(".") and name not in _LITTER:
            kinds[_kind(folder / name)].append(name)
    return Listing(**{kind: tuple(found) for kind, found in kinds.items()})


def find_images(folder: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """`(images, unreadable pictures)` in `folder` and below, as sorted paths relative to it.

    Raises:
        ImageSetError: a folder cannot be read, or links lead in a circle.
    """
    images: list[str] = []
    unreadable: list[str] = []

    def visit(below: str, ancestors: frozenset[tuple[int, int]]) -> None:
        here = folder / below
        status = here.stat()
        identity = (status.st_dev, status.st_ino)
        if identity in ancestors:
            message = f"{here} is a link back to a folder above it"
            raise ImageSetError(message, hint="remove the link")
        listing = list_folder(here)
        images.extend(below + name for name in listing.images)
        unreadable.extend(below + name for name in listing.unreadable)
        for name in listing.folders:
            visit(f"{below}{name}/", ancestors | {identity})

    visit("", frozenset())
    return tuple(sorted(images)), tuple(sorted(unreadable))


def _kind(path: Path) -> str:
    try:
        mode = path.stat().st_mode
    except OSError as error:
        message = f"{path} is a link that leads nowhere, or cannot be read: {error.strerror}"
        raise ImageSetError(message, hint="remove it, or restore what it points to") from error
    if stat.S_ISDIR(mode):
        return "folders"
    suffix = path.suffix.lower()
    # Opening a pipe or a device would block for ever.
    if suffix in IMAGE_SUFFIXES and stat.S_ISREG(mode):
        return "images"
    return "unreadable" if suffix in UNREADABLE_SUFFIXES else "others"
