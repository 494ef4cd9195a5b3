"""A copy of a model file with its configuration edited, made only when that is needed."""

import json
import shutil
import zipfile
from pathlib import Path

from edgevision.keras_model.archive import Source
from edgevision.keras_model.modernize import modernize


def edited_copy(source: Source, folder: Path, *, keras_2: bool) -> Path:
    """The file, under a name that Keras accepts and with its configuration edited if need be.

    Args:
        source: the model file; it is never changed.
        folder: where a copy or a link may be put.
        keras_2: whether Keras 2 wrote it and Keras 3 is to read it.
    """
    edited = modernize(source.config, keras_2=keras_2)
    path = folder / f"model.{source.kind}"
    if not edited:
        if source.path.suffix == f".{source.kind}":
            return source.path
        path.symlink_to(source.path.resolve())
        return path
    text = json.dumps(source.config)
    if source.kind == "h5":
        import h5py

        shutil.copyfile(source.path, path)
        with h5py.File(path, "r+") as file:
            file.attrs["model_config"] = text
        return path
    with zipfile.ZipFile(source.path) as old, zipfile.ZipFile(path, "w") as new:
        for member in old.infolist():
            if member.filename == "config.json":
                new.writestr("config.json", text)
                continue
            with old.open(member) as original, new.open(member.filename, "w") as copy:
                shutil.copyfileobj(original, copy)
    return path
