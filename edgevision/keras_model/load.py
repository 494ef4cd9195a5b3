"""Loading `.keras` and `.h5` files, with Keras 3 or with its predecessor `tf_keras`."""

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeAlias

from edgevision.errors import ModelError
from edgevision.keras_model.archive import Source
from edgevision.keras_model.child import LOG
from edgevision.keras_model.edited_copy import edited_copy
from edgevision.keras_model.modernize import needs_keras_2

KerasLibrary: TypeAlias = Literal["keras", "tf_keras"]
"""Keras 3, or Keras 2 as `tf_keras`."""


class RefusedError(ModelError):
    """The library does not load this file; another one might."""


def why_keras_2(source: Source) -> str:
    """Why only `tf_keras` loads `source` as it was meant; "" when Keras 3 computes the same."""
    if not source.is_keras_2:
        return ""
    if source.kind == "keras":
        return f"a .keras file of Keras {source.keras_version}, which Keras 3 cannot read"
    return needs_keras_2(source.config)


def load_model(
    source: Source, *, library: KerasLibrary, custom_objects: Mapping[str, Any], folder: Path
) -> tuple[Any, Path]:
    """A model without its optimizer, from a file whose configuration has been found safe.

    Args:
        source: The file and its configuration.
        library: What loads it; the process must have been started for that one.
        custom_objects: Classes and functions by name.
        folder: For a copy of the file with its configuration edited, when that is needed.

    Returns:
        The model, and the file it was loaded from: the copy, if there is one.

    Raises:
        RefusedError: Keras refuses the file.
    """
    keras: Any = importlib.import_module(library)
    path = edited_copy(source, folder, keras_2=source.is_keras_2 and library == "keras")
    try:
        # safe_mode is the default; said aloud because everything rests on it.
        model = keras.models.load_model(
            str(path), custom_objects=dict(custom_objects), compile=False, safe_mode=True
        )
    except Exception as error:  # Keras raises nearly anything for a file it dislikes
        raise refused(source, error) from error
    return model, path


def refused(source: Source, error: Exception) -> RefusedError:
    """What to tell the user about `error`, which Keras raised for the model in `source`."""
    for marker in ("Unknown layer: ", "Could not locate class ", "Could not locate function "):
        if marker in str(error):
            name = str(error).partition(marker)[2].split("'")[1]
            message = f"the model needs {name!r}, which Keras does not know"
            return RefusedError(
                message, hint=f"name the Python that defines it: --custom-objects module:{name}"
            )
    message = f"Keras cannot load {source.path}: {first_reason(error)}"
    return RefusedError(message, hint=f"the log says more: {LOG}")


def first_reason(error: Exception) -> str:
    """The line of a library's error that says what is wrong, without terminal colours."""
    text = str(error)
    # Keras puts the cause in bold, below a line that only says where.
    if "\x1b[1m" in text:
        text = text.partition("\x1b[1m")[2].partition("\x1b[0m")[0]
    text = text.partition("Exception encountered: ")[2] or text
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[0][:300] if lines else type(error).__name__
