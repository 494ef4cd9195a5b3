"""Replacing a folder as a whole: whoever looks, and whoever is killed, sees the old or the new."""

import ctypes
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edgevision.files import writing

_PREFIX = ".export-"
"""The build leaves names with a leading dot out of the APK."""

_STALE_SECONDS = 3600
"""A younger folder may belong to an export that is running."""

_AT_FDCWD, _RENAME_EXCHANGE = -100, 2
"""Of Linux's renameat2(2)."""


@contextmanager
def replacing_folder(folder: Path) -> Iterator[Path]:
    """Yield an empty folder beside `folder` that takes its place when the block ends without error.

    Whatever goes wrong inside, `folder` is left as it was.

    Raises:
        EdgeVisionError: it cannot be written.
    """
    with writing(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        _remove_stale(folder.parent)
        with tempfile.TemporaryDirectory(prefix=_PREFIX, dir=folder.parent) as temporary:
            fresh = Path(temporary) / "new"
            fresh.mkdir()
            yield fresh
            _put(fresh, folder, aside=Path(temporary) / "old")


def _put(fresh: Path, folder: Path, *, aside: Path) -> None:
    if not folder.exists():
        fresh.rename(folder)
    elif not exchange(fresh, folder):
        # Without an exchange there is a moment without the folder.
        folder.rename(aside)
        try:
            fresh.rename(folder)
        except OSError:
            aside.rename(folder)
            raise


def exchange(one: Path, other: Path) -> bool:
    """Let two existing paths change places in one step; False where the system has no such step."""
    if sys.platform != "linux":
        return False
    rename = getattr(ctypes.CDLL(None), "renameat2", None)
    if rename is None:
        return False
    names = os.fsencode(one), os.fsencode(other)
    return bool(rename(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_EXCHANGE) == 0)


def _remove_stale(folder: Path) -> None:
    """Remove what exports left that were killed."""
    for path in folder.glob(f"{_PREFIX}*"):
        if time.time() - path.stat().st_mtime > _STALE_SECONDS:
            shutil.rmtree(path, ignore_errors=True)
