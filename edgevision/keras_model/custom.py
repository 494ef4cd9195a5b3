"""The classes and functions that the user vouched for with --custom-objects."""

import importlib
import sys
from collections.abc import Sequence
from typing import Any

from edgevision.errors import UsageError

_EXAMPLE = "--custom-objects mymodel:MyLayer, with mymodel.py in this folder or installed"


def names_of(custom_objects: Sequence[str]) -> tuple[str, ...]:
    """The names in "module:Name" entries.

    Raises:
        UsageError: an entry has another form.
    """
    return tuple(_split(entry)[1] for entry in custom_objects)


def import_custom_objects(custom_objects: Sequence[str], *, folder: str) -> dict[str, Any]:
    """The objects by name, imported from `folder` or from the installed packages.

    Raises:
        UsageError: a module cannot be imported or has no such name.
    """
    found: dict[str, Any] = {}
    # Last, so that a json.py lying there does not replace Python's own.
    if custom_objects and folder not in sys.path:
        sys.path.append(folder)
    for entry in custom_objects:
        module_name, name = _split(entry)
        try:
            module = importlib.import_module(module_name)
        except Exception as error:  # whatever the user's module raises
            message = f"cannot import {module_name!r}: {type(error).__name__}: {error}"
            raise UsageError(message, hint=_EXAMPLE) from error
        if not hasattr(module, name):
            message = f"module {module_name!r} has no {name!r}"
            raise UsageError(message, hint=_EXAMPLE)
        found[name] = getattr(module, name)
    return found


def _split(entry: str) -> tuple[str, str]:
    module, colon, name = entry.partition(":")
    if not (colon and module and name.isidentifier()):
        message = f"--custom-objects takes module:Name, not {entry!r}"
        raise UsageError(message, hint=_EXAMPLE)
    return module, name
