"""A calibration set on disk: `set.toml` says where the images are, `manifest.csv` lists them.

The images stay where they are; their digests are written down, so that a set which was changed
behind our back is an error and never a silently different model.
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from edgevision import __version__
from edgevision.dataset.calibration.choose import Selection
from edgevision.dataset.calibration.manifest import (
    BUILD_AGAIN,
    manifest_text,
    open_pinned,
    read_manifest,
)
from edgevision.dataset.formats.csv_set import MAX_TABLE_BYTES
from edgevision.dataset.imageset import ImageSet
from edgevision.errors import ImageSetError
from edgevision.files import refuse_to_replace, write_text
from edgevision.preprocess.declared import Preprocessing
from edgevision.serialization.decode import from_plain
from edgevision.serialization.limits import Limits
from edgevision.serialization.toml_text import read_toml, to_toml
from edgevision.serialization.version import check_version

SCHEMA_VERSION = 1
SET_FILE, MANIFEST_FILE = "set.toml", "manifest.csv"
FOLDER = "calibration"
"""Where `optimize` looks for a set, in the folder it is run in."""

_MAX_STEPS_UP = 3
"""A source further away than this is written as an absolute path: it does not move along."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationSet:
    """A calibration set as read from its folder."""

    path: Path
    """The folder of set.toml."""
    images: ImageSet
    """Exactly the listed images; loading one that was changed raises ImageSetError."""
    digest: str
    """Hex SHA-256 of the manifest: names the set in a model's provenance."""
    seed: int
    split: str
    """Which part of the data the images are, such as "train"."""
    preprocessing: Preprocessing | None
    """How the model wants its pixels, when the set says so; a model gives the size."""
    evaluation: Path | None
    """The set that was kept out of this one, when there was one."""


def write_set(
    folder: Path,
    source: ImageSet,
    selection: Selection,
    *,
    seed: int,
    split: str = "",
    preprocessing: Preprocessing | None = None,
    evaluation: Path | None = None,
    overwrite: bool = False,
) -> Path:
    """Write `set.toml` and `manifest.csv` into `folder`; returns the path of set.toml.

    Raises:
        UsageError: a set is there already and `overwrite` is False.
        EdgeVisionError: the folder cannot be written.
    """
    manifest = manifest_text(selection)
    described = _SetFile(
        made_by=f"edgevision {__version__}",
        source=_from_folder(source.path, folder),
        split=split or source.path.resolve().stem,
        images=len(selection.items),
        seed=seed,
        manifest_sha256=hashlib.sha256(manifest.encode()).hexdigest(),
        evaluation=None if evaluation is None else _from_folder(evaluation, folder),
        classes=source.classes or None,
        preprocessing=preprocessing,
    )
    refuse_to_replace(folder / SET_FILE, overwrite=overwrite)
    # The manifest first: set.toml holds its digest, so half a rewrite is noticed when read.
    write_text(folder / MANIFEST_FILE, manifest, overwrite=overwrite)
    write_text(folder / SET_FILE, to_toml(described), overwrite=overwrite)
    return folder / SET_FILE


def read_set(folder: Path) -> CalibrationSet:
    """The set in `folder`; images are checked against their digests as they are loaded.

    Raises:
        ImageSetError: set.toml or manifest.csv is missing, damaged or does not fit the other, or
            the images are gone.
    """
    described = _read_set_file(folder / SET_FILE)
    content = _read_bytes(folder / MANIFEST_FILE)
    digest = hashlib.sha256(content).hexdigest()
    if digest != described.manifest_sha256:
        message = f"{folder / MANIFEST_FILE} is not the one that {SET_FILE} was written with"
        raise ImageSetError(message, hint=BUILD_AGAIN)
    source = (folder / described.source).resolve()
    if not source.exists():
        message = f"the images of {folder / SET_FILE} are gone: there is no {source}"
        raise ImageSetError(message, hint=BUILD_AGAIN)
    pinned = read_manifest(content, folder / MANIFEST_FILE, is_npz=source.suffix.lower() == ".npz")
    if len(pinned) != described.images:
        message = f"{folder / MANIFEST_FILE} lists {len(pinned)} images, not {described.images}"
        raise ImageSetError(message, hint=BUILD_AGAIN)
    evaluation = described.evaluation
    return CalibrationSet(
        path=folder,
        images=open_pinned(source, pinned, described.classes or ()),
        digest=digest,
        seed=described.seed,
        split=described.split,
        preprocessing=described.preprocessing,
        evaluation=(folder / evaluation).resolve() if evaluation is not None else None,
    )


def is_set(folder: Path) -> bool:
    """Whether `folder` holds a calibration set."""
    return (folder / SET_FILE).is_file()


def find_set(cwd: Path) -> Path | None:
    """The folder of the one set in `cwd`/calibration: there, or in a folder of it; None if none.

    Raises:
        ImageSetError: there are several.
    """
    home = cwd / FOLDER
    found = [path.parent for path in (home / SET_FILE, *sorted(home.glob(f"*/{SET_FILE}")))]
    found = [folder for folder in found if is_set(folder)]
    if len(found) > 1:
        listed = ", ".join(str(folder) for folder in found)
        message = f"there are several calibration sets: {listed}"
        raise ImageSetError(message, hint="say which with --calibration")
    return found[0] if found else None


def no_set(cwd: Path) -> ImageSetError:
    """The error for a command that needs a calibration set where there is none."""
    message = f"int8 needs photos to calibrate with, and {cwd / FOLDER} holds no set"
    return ImageSetError(message, hint="edgevision calibration build PHOTOS --preprocess NAME")


@dataclass(frozen=True, slots=True, kw_only=True)
class _SetFile:
    """What set.toml holds."""

    schema_version: int = SCHEMA_VERSION
    made_by: str = ""
    source: str
    """The images: relative to the folder of set.toml, with slashes, or absolute."""
    split: str
    images: int
    seed: int
    manifest_sha256: str
    evaluation: str | None = None
    """As `source`."""
    classes: tuple[str, ...] | None = None
    preprocessing: Preprocessing | None = None


_LIMITS = Limits(document_bytes=MAX_TABLE_BYTES)


def _read_set_file(path: Path) -> _SetFile:
    values = read_toml(path, limits=_LIMITS, error=ImageSetError, hint=BUILD_AGAIN)
    check_version(
        values, known=SCHEMA_VERSION, where=str(path), error=ImageSetError, hint=BUILD_AGAIN
    )
    return from_plain(
        _SetFile,
        values,
        where=f"{path}:",
        limits=_LIMITS,
        unknown="refuse",
        error=ImageSetError,
        hint=BUILD_AGAIN,
    )


def _read_bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_TABLE_BYTES:
            raise ImageSetError(f"{path} is too large", hint=BUILD_AGAIN)
        return path.read_bytes()
    except OSError as error:
        message = f"cannot read {path}: {error.strerror}"
        raise ImageSetError(message, hint=BUILD_AGAIN) from error


def _from_folder(path: Path, folder: Path) -> str:
    relative = Path(os.path.relpath(path.resolve(), folder.resolve()))
    if relative.parts.count("..") > _MAX_STEPS_UP:
        return path.resolve().as_posix()
    return relative.as_posix()
