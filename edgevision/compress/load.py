"""Loading the Keras model that is to be made smaller."""

from pathlib import Path
from typing import Any

import keras

from edgevision.errors import ModelError


def load_keras(path: Path) -> Any:
    """The model in a `.keras` or `.h5` file, without its optimizer.

    Raises:
        ModelError: there is no such file, or Keras 3 cannot load it.
    """
    if not path.is_file():
        message = f"{path} does not exist" if not path.exists() else f"{path} is a folder"
        raise ModelError(message, hint="prune takes a .keras or .h5 file")
    try:
        # Code stored inside a model file (Lambda layers) stays where it is.
        return keras.models.load_model(str(path), compile=False, safe_mode=True)
    except Exception as error:  # Keras raises nearly anything for a file it dislikes
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        message = f"Keras cannot load {path}: {lines[0][:300] if lines else type(error).__name__}"
        hint = "save it again with model.save('model.keras') in the program that made it"
        raise ModelError(message, hint=hint) from error
