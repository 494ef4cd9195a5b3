"""The error of each layer, as a JSON file that quantizing or verifying wrote."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgevision.errors import UsageError


def read_layers(path: Path) -> tuple[Mapping[str, Any], ...]:
    """Entries with "name" and "sqnr_db": a list, or the "layers" of an object.

    Raises:
        UsageError: the file cannot be read or holds no such list.
    """
    try:
        document = json.loads(path.read_bytes())
    except OSError as error:
        message = f"cannot read {path}: {error.strerror}"
        raise UsageError(message, hint="check the path") from error
    except ValueError as error:
        message = f"{path} is no JSON: {error}"
        raise UsageError(message) from error
    entries = document.get("layers") if isinstance(document, dict) else document
    if not isinstance(entries, list) or not all(
        isinstance(entry, dict) and {"name", "sqnr_db"} <= set(entry) for entry in entries
    ):
        message = f"{path} has no list of layers with name and sqnr_db"
        raise UsageError(message)
    return tuple(entries)
