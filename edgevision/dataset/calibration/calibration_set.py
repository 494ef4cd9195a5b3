"""A calibration set on disk: `set.toml` says where the images are, `manifest.csv` lists them.

The images stay where they are; their digests are written down, so that a set which was changed
behind our back is an error and never a silently different model.
"""

import hashlib
import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
from edgevision.dataset.toml_text import to_toml
from edgevision.errors import ImageSetError, UsageError
from edgevision.files import refuse_to_replace, write_text
from edgevision.preprocess.declared import Preprocessing
from edgevision.preprocess.options import TABLE, from_dict, to_dict

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
    choice: Selection,
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
    manifest = manifest_text(choice)
    values: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "made_by": f"edgevision {__version__}",
        "source": _from_folder(source.path, folder),
        "split": split or source.path.resolve().stem,
        "images": len(choice.items),
        "seed": seed,
        "manifest_sha256": hashlib.sha256(manifest.encode()).hexdigest(),
    }
    if evaluation is not None:
        values["evaluation"] = _from_folder(evaluation, folder)
    if source.classes:
        values["classes"] = list(source.classes)
    if preprocessing is not None:
        values[TABLE] = to_dict(preprocessing)
    refuse_to_replace(folder / SET_FILE, overwrite=overwrite)
    # The manifest first: set.toml holds its digest, so half a rewrite is noticed when read.
    write_text(folder / MANIFEST_FILE, manifest, overwrite=overwrite)
    write_text(folder / SET_FILE, to_toml(values), overwrite=overwrite)
    return folder / SET_FILE


def read_set(folder: Path) -> CalibrationSet:
    """The set in `folder`; images are checked against their digests as they are loaded.

    Raises:
        ImageSetError: set.toml or manifest.csv is missing, damaged or does not fit the other, or
            the images are gone.
    """
    values = _read_toml(folder / SET_FILE)
    content = _read_bytes(folder / MANIFEST_FILE)
    digest = hashlib.sha256(content).hexdigest()
    if digest != values["manifest_sha256"]:
        message = f"{folder / MANIFEST_FILE} is not the one that {SET_FILE} was written with"
        raise ImageSetError(message, hint=BUILD_AGAIN)
    source = (folder / values["source"]).resolve()
    if not source.exists():
        message = f"the images of {folder / SET_FILE} are gone: there is no {source}"
        raise ImageSetError(message, hint=BUILD_AGAIN)
    pinned = read_manifest(content, folder / MANIFEST_FILE, is_npz=source.suffix.lower() == ".npz")
    if len(pinned) != values["images"]:
        message = f"{folder / MANIFEST_FILE} lists {len(pinned)} images, not {values['images']}"
        raise ImageSetError(message, hint=BUILD_AGAIN)
    try:
        preprocessing = from_dict(values[TABLE]) if TABLE in values else None
    except UsageError as error:
        message = f"{folder / SET_FILE}: {error}"
        raise ImageSetError(message, hint=error.hint) from error
    evaluation = values.get("evaluation")
    return CalibrationSet(
        path=folder,
        images=open_pinned(source, pinned, tuple(values.get("classes", ()))),
        digest=digest,
        seed=values["seed"],
        split=values["split"],
        preprocessing=preprocessing,
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


_KEYS: dict[str, type] = {
    "schema_version": int,
    "made_by": str,
    "source": str,
    "split": str,
    "images": int,
    "seed": int,
    "manifest_sha256": str,
    "evaluation": str,
    "classes": list,
    TABLE: dict,
}
_OPTIONAL = frozenset({"made_by", "evaluation", "classes", TABLE})


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        values = tomllib.loads(_read_bytes(path).decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        message = f"{path} is not TOML: {error}"
        raise ImageSetError(message, hint=BUILD_AGAIN) from error
    version = values.get("schema_version")
    if version != SCHEMA_VERSION:
        message = f"{path} has schema_version {version!r}; this edgevision reads {SCHEMA_VERSION}"
        raise ImageSetError(message, hint="update edgevision, or make the set again")
    for key in values:
        if key not in _KEYS:
            message = f"{path} has an unknown name {key!r}"
            raise ImageSetError(message, hint=f"known: {', '.join(_KEYS)}")
    for key, kind in _KEYS.items():
        if key not in values and key not in _OPTIONAL:
            raise ImageSetError(f"{path} lacks {key}", hint=BUILD_AGAIN)
        if key in values and (not isinstance(values[key], kind) or isinstance(values[key], bool)):
            raise ImageSetError(f"{path}: {key} cannot be {values[key]!r}", hint=BUILD_AGAIN)
    if not all(isinstance(name, str) for name in values.get("classes", ())):
        raise ImageSetError(f"{path}: classes must be names", hint=BUILD_AGAIN)
    return values


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
