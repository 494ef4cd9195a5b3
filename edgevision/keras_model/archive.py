"""What a model file says it is, checked before anything is loaded from it.

A file from a stranger is data: nothing in it may run, fill the disk or exhaust memory. Only the
configuration (JSON text) is read here.
"""

import hashlib
import json
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

from edgevision.errors import EdgeVisionError, ModelError
from edgevision.files import sha256_of

_ZIP, _HDF5 = b"PK\x03\x04", b"\x89HDF\r\n\x1a\n"
_RESAVE = "save the model again with model.save('model.keras'), or copy the file again"

_BLOCK_BYTES = 1 << 20

MAX_CONFIG_BYTES = 64 << 20
"""Configurations of real networks have at most a few megabytes."""

MAX_INFLATION = 200
"""Weights compress little and Keras stores them as they are; a bomb inflates 1000-fold."""

_SMALL_BYTES = 64 << 20
"""What any file may inflate to, however small it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A model file or folder, recognized by its content and not by its name."""

    path: Path
    kind: Literal["keras", "h5", "saved_model"]
    config: dict[str, Any]
    """The architecture as Keras wrote it; empty for a SavedModel."""
    keras_version: str
    """Version of the Keras that wrote it, "" when unknown."""

    @property
    def is_keras_2(self) -> bool:
        """Whether Keras 2 (or tf.keras before TensorFlow 2.16) wrote it."""
        return self.keras_version.startswith(("1.", "2.")) or (
            self.kind == "h5" and not self.keras_version
        )


def read_source(path: Path) -> Source:
    """Recognize and check the model at `path`.

    Raises:
        ModelError: it is missing, not a Keras model, damaged, or built to harm.
    """
    if path.is_dir():
        if not (path / "saved_model.pb").is_file():
            message = f"{path} is a folder without saved_model.pb, so no SavedModel"
            raise ModelError(message, hint="give a .keras file, an .h5 file or a SavedModel folder")
        return Source(path=path, kind="saved_model", config={}, keras_version="")
    try:
        with path.open("rb") as file:
            start = file.read(8)
    except OSError as error:
        message = f"cannot read {path}: {error.strerror}"
        raise ModelError(message, hint="check the path") from error
    if start.startswith(_ZIP):
        return _read_zip(path)
    if start == _HDF5:
        return _read_hdf5(path)
    raise _not_keras(path, start)


def digest_of(path: Path) -> str:
    """Hex SHA-256 of a model file; of a folder, over the names and digests of its files."""
    if path.is_file():
        return sha256_of(path)
    parts = [
        f"{member.relative_to(path).as_posix()} {sha256_of(member)}"
        for member in sorted(path.rglob("*"))
        if member.is_file()
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _not_keras(path: Path, start: bytes) -> ModelError:
    if not start:
        return ModelError(f"{path} is empty", hint=_RESAVE)
    if start[4:8] == b"TFL3":
        hint = "this one is converted already: edgevision quantize, inspect and bench take it"
        return ModelError(f"{path} is a .tflite file, not a Keras model", hint=hint)
    hint = "give a .keras file, an .h5 file or a SavedModel folder"
    return ModelError(f"{path} is neither a .keras nor an .h5 file", hint=hint)


def _read_zip(path: Path) -> Source:
    try:
        with zipfile.ZipFile(path) as archive:
            _check_members(path, archive)
            texts = {
                name: archive.read(name)
                for name in ("config.json", "metadata.json")
                if name in archive.namelist()
            }
            _check_weights(path, archive)
    except EdgeVisionError:
        raise
    except Exception as error:  # BadZipFile, zlib.error, struct.error... have no common base
        raise _damaged(path, error) from error
    config = _json_object(path, texts["config.json"])
    about = _json_object(path, texts.get("metadata.json", b"{}"))
    version = str(about.get("keras_version", ""))
    return Source(path=path, kind="keras", config=config, keras_version=version)


def _check_members(path: Path, archive: zipfile.ZipFile) -> None:
    members = archive.infolist()
    inflated = sum(member.file_size for member in members)
    limit = max(_SMALL_BYTES, MAX_INFLATION * path.stat().st_size)
    if inflated > limit:
        message = f"{path} would inflate to {inflated / 1e9:.1f} GB; that is no model"
        raise ModelError(message, hint=_RESAVE)
    for member in members:
        if member.filename.startswith("/") or ".." in member.filename.split("/"):
            message = f"{path} holds a file that points outside it: {member.filename!r}"
            raise ModelError(message, hint=_RESAVE)
        if member.filename.endswith(".json") and member.file_size > MAX_CONFIG_BYTES:
            message = f"{path}: {member.filename} has {member.file_size} bytes; that is no model"
            raise ModelError(message, hint=_RESAVE)
    for name in ("config.json", "model.weights.h5"):
        if name not in archive.namelist():
            message = f"{path} is a zip file but no Keras model: {name} is missing"
            raise ModelError(message, hint=_RESAVE)
    # Keras seeks inside the stored weights and never compares their checksums.
    if broken := archive.testzip():
        message = f"{path} is damaged: the checksum of {broken} does not match"
        raise ModelError(message, hint=_RESAVE)


def _check_weights(path: Path, archive: zipfile.ZipFile) -> None:
    """Raise when arrays of the HDF5 files within lie outside them, as `_check_datasets` does."""
    import h5py

    for name in archive.namelist():
        if not name.endswith(".h5"):
            continue
        # HDF5 jumps about in its file, and going back in a zip's member means reading it again.
        with tempfile.TemporaryFile() as copy:
            with archive.open(name) as member:
                _copy(member, copy)
            with h5py.File(copy, "r") as file:
                _check_datasets(path, file)


def _copy(member: IO[bytes], copy: IO[bytes]) -> None:
    while block := member.read(_BLOCK_BYTES):
        try:
            copy.write(block)
            copy.flush()
        except OSError as error:
            # The model is not to blame.
            message = f"cannot write to {tempfile.gettempdir()}: {error.strerror}"
            raise EdgeVisionError(message, hint="free some space, or set TMPDIR") from error


def _read_hdf5(path: Path) -> Source:
    import h5py

    try:
        with h5py.File(path, "r") as file:
            text = file.attrs.get("model_config")
            version = file.attrs.get("keras_version", "")
            _check_datasets(path, file)
    except ModelError:
        raise
    except Exception as error:  # h5py raises whatever a damaged file provokes
        raise _damaged(path, error) from error
    if text is None:
        message = f"{path} holds weights only: the architecture is missing"
        raise ModelError(message, hint="save the whole model: model.save('model.keras')")
    version = version.decode("utf-8", "replace") if isinstance(version, bytes) else str(version)
    if isinstance(text, str):
        text = text.encode()
    return Source(
        path=path, kind="h5", config=_json_object(path, bytes(text)), keras_version=version
    )


def _check_datasets(path: Path, file: Any) -> None:
    """Raise when the file's arrays lie outside it or claim more than it can hold."""
    import h5py

    limit = max(_SMALL_BYTES, MAX_INFLATION * path.stat().st_size)
    total = 0
    groups, seen = [file], set()
    while groups:
        group = groups.pop()
        # Two names may mean one group, and a group may hold itself: look into each once.
        place = h5py.h5o.get_info(group.id).addr
        if place in seen:
            continue
        seen.add(place)
        for name in group:
            link = group.get(name, getlink=True)
            if not isinstance(link, h5py.HardLink):
                message = f"{path}: {group.name}/{name} points outside the file"
                raise ModelError(message, hint=_RESAVE)
            item = group[name]
            if isinstance(item, h5py.Group):
                groups.append(item)
                continue
            if item.external or item.is_virtual:
                message = f"{path}: {item.name} keeps its numbers in another file"
                raise ModelError(message, hint=_RESAVE)
            total += int(item.nbytes)
            if total > limit:
                message = f"{path}: its arrays claim {total / 1e9:.1f} GB; that is no model"
                raise ModelError(message, hint=_RESAVE)


def _json_object(path: Path, text: bytes) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _damaged(path, error) from error
    if not isinstance(value, dict):
        raise _damaged(path, "its configuration is no JSON object")
    return value


def _damaged(path: Path, reason: object) -> ModelError:
    lines = str(reason).splitlines() or [type(reason).__name__]
    return ModelError(f"{path} is damaged: {lines[0]}", hint=_RESAVE)
