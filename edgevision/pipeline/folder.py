"""The folder that `optimize` fills: it appears whole, and nothing of the user's is lost in it."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edgevision.card.card import CARD_SUFFIX, EARLIER_CARD_FILE
from edgevision.errors import UsageError
from edgevision.files import writing

REPORT = "report.json"
"""The file by which we know a folder as ours."""

PRUNED_MODEL = "pruned.keras"
_OURS = frozenset({PRUNED_MODEL, EARLIER_CARD_FILE})
"""What an earlier run may have left beside `.tflite` files and their cards."""


def refuse_folder(folder: Path, *, overwrite: bool) -> None:
    """Raise unless `folder` may be filled: it is not there, empty, or ours and to be overwritten.

    Raises:
        UsageError: it holds something that would be lost or mixed up.
    """
    if not folder.exists() and not folder.is_symlink():
        return
    if not folder.is_dir():
        raise UsageError(f"{folder} is a file, not a folder", hint="choose another with -o")
    if not any(folder.iterdir()):
        return
    if not (folder / REPORT).is_file():
        raise UsageError(
            f"{folder} holds files that are not ours", hint="choose another folder with -o"
        )
    if not overwrite:
        raise UsageError(
            f"{folder} holds the result of an earlier run",
            hint="add --overwrite, or choose another folder with -o",
        )


@contextmanager
def filling(folder: Path, *, overwrite: bool) -> Iterator[Path]:
    """Yield an empty folder beside `folder`; its files are moved in when the block ends well.

    Files of an earlier run go; other files in the folder stay.

    Raises:
        UsageError: see `refuse_folder`.
        EdgeVisionError: the folder cannot be written, or a file that the block reads cannot be
            opened; see `files.writing`.
    """
    refuse_folder(folder, overwrite=overwrite)
    with writing(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        made = tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".part", dir=folder.parent)
        temporary = Path(made)
        try:
            yield temporary
            _move(temporary, folder)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def _move(temporary: Path, folder: Path) -> None:
    if not folder.exists():
        temporary.chmod(0o755)
        temporary.rename(folder)
        return
    new = {path.name for path in temporary.iterdir()}
    for old in folder.iterdir():
        is_ours = old.suffix == ".tflite" or old.name.endswith(CARD_SUFFIX) or old.name in _OURS
        if is_ours and old.name not in new:
            old.unlink()
    # The report last: while it is missing or old, the folder does not claim to be finished.
    for path in sorted(temporary.iterdir(), key=lambda path: path.name == REPORT):
        path.replace(folder / path.name)
