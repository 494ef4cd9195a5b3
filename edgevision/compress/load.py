"""Loading the Keras model that is to be made smaller."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from edgevision.errors import ModelError
from edgevision.keras_model.archive import read_source
from edgevision.keras_model.custom import import_custom_objects, names_of
from edgevision.keras_model.load import load_model, why_keras_2
from edgevision.keras_model.safety import refuse_unsafe


def load_keras(path: Path, *, custom_objects: Sequence[str] = (), folder: str = "") -> Any:
    """The model in a `.keras` or `.h5` file, of Keras 2 too, without its optimizer.

    Args:
        path: The file.
        custom_objects: "module:Name" of classes and functions to import for the model.
        folder: Where their modules are looked up, beside the installed ones.

    Raises:
        ModelError: it is no such file, is damaged, would run code of its own, or Keras 3 cannot
            load it, or would compute something else than the Keras that wrote it.
        UsageError: a custom object cannot be imported.
    """
    source = read_source(path)
    if source.kind == "saved_model":
        message = f"{path} is a SavedModel, which has operations but no layers to remove from"
        raise ModelError(message, hint="prune takes the .keras or .h5 file it was exported from")
    refuse_unsafe(source.config, custom_objects=names_of(custom_objects))
    if reason := why_keras_2(source):
        message = f"{path} needs Keras 2 ({reason}), and prune works on Keras 3 models"
        raise ModelError(message, hint="edgevision convert takes it as it is, without pruning")
    objects = import_custom_objects(custom_objects, folder=folder)
    with tempfile.TemporaryDirectory(prefix="edgevision-") as copies:
        model, _ = load_model(source, library="keras", custom_objects=objects, folder=Path(copies))
    return model
