"""Class names in index order, and what a label written by a person means among them."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgevision.errors import ImageSetError


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassNames:
    """Class names in index order, and where they came from; empty when there are none."""

    names: tuple[str, ...] = ()
    origin: str = ""
    """For errors: "the model", or the path of a list."""

    def __len__(self) -> int:
        """Number of classes known."""
        return len(self.names)

    def __str__(self) -> str:
        """For errors: "1000 classes of photos/imagenet_labels.txt"."""
        return f"{len(self.names)} classes" + (f" of {self.origin}" if self.origin else "")


MAX_NAMES_BYTES = 8 << 20
"""Largest list of class names read; ImageNet-21k's is under one megabyte."""


def read_class_names(path: Path) -> tuple[str, ...]:
    """The names in a text file, one a line, in index order.

    Raises:
        ImageSetError: unreadable, empty, or a blank line would shift the indices after it.
    """
    try:
        if path.stat().st_size > MAX_NAMES_BYTES:
            raise ImageSetError(f"{path} is too large for a list of class names")
        # utf-8-sig: editors on Windows put a byte order mark first.
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        message = f"cannot read {path}: {error.strerror}"
        raise ImageSetError(message, hint="check the path and its rights") from error
    except UnicodeDecodeError as error:
        message = f"{path} is not UTF-8 text"
        raise ImageSetError(message, hint="save it as UTF-8, one class name a line") from error
    names = [line.strip() for line in lines]
    while names and not names[-1]:
        names.pop()
    if not names:
        raise ImageSetError(f"{path} lists no class names", hint="one class name a line")
    if "" in names:
        message = f"{path} line {names.index('') + 1} is blank"
        raise ImageSetError(message, hint="every line is one class, in index order")
    return tuple(names)


def find_class_names(folder: Path, *, or_parent: bool) -> ClassNames:
    """Names from `labels.txt` or the one `*labels.txt` in `folder` (or its parent); else none.

    Raises:
        ImageSetError: several lists lie in one folder, or the list is bad.
    """
    for place in (folder, folder.resolve().parent) if or_parent else (folder,):
        plain = place / "labels.txt"
        found = [plain] if plain.is_file() else sorted(place.glob("*labels.txt"))
        found = [path for path in found if path.is_file() and not path.name.startswith(".")]
        if len(found) > 1:
            message = f"{place} holds several lists of class names: " + ", ".join(
                path.name for path in found
            )
            raise ImageSetError(message, hint="say which with --labels")
        if found:
            return ClassNames(names=read_class_names(found[0]), origin=str(found[0]))
    return ClassNames()


def label_of(text: str, known: ClassNames, *, where: str) -> int:
    """Class index that `text` (a name, or a whole number) stands for.

    With no names known, only a whole number will do. `where` begins the error ("labels.csv row 3").

    Raises:
        ImageSetError: unknown, out of range, or it could be read in two ways.
    """
    names = known.names
    readings = {index for index, name in enumerate(names) if name == text}
    if len(readings) > 1:
        message = f"{where}: {text!r} is the name of classes {_listed(readings)}"
        raise ImageSetError(message, hint="write the class index instead")
    is_index = text.isascii() and text.isdecimal() and len(text) <= 9
    if is_index and (not names or int(text) < len(names)):
        readings.add(int(text))
    if len(readings) > 1:
        message = f"{where}: {text!r} is both the name and the index of different classes"
        raise ImageSetError(message, hint="write class names that are not numbers")
    if readings:
        return readings.pop()
    if is_index:
        message = f"{where}: label {text} is out of range for {known}"
        raise ImageSetError(message, hint=f"indices go from 0 to {len(names) - 1}")
    if not names:
        message = f"{where}: label {text!r} is not a whole number, and there are no class names"
        raise ImageSetError(message, hint="give a list of class names with --labels")
    message = f"{where}: {text!r} is none of the {known}"
    raise ImageSetError(message, hint=did_you_mean(text, names))


def did_you_mean(text: str, names: Sequence[str]) -> str:
    """A hint with the names nearest to `text`, or the first few when none is near."""
    near = difflib.get_close_matches(text, names, n=3)
    if not near and (folded := [name for name in names if name.lower() == text.lower()]):
        near = folded
    if near:
        return "did you mean " + " or ".join(repr(name) for name in near) + "?"
    more = ", ..." if len(names) > 8 else ""
    return "known: " + ", ".join(names[:8]) + more


def _listed(indices: set[int]) -> str:
    return " and ".join(str(index) for index in sorted(indices))
