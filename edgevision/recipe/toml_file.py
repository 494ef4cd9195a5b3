"""Recipes in TOML files: the fields of `Recipe` by name, perhaps on top of a named one (`base`)."""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from edgevision.errors import UsageError
from edgevision.recipe.recipe import Recipe


def read_recipe(path: Path, named: Callable[[str], Recipe]) -> Recipe:
    """The recipe in the TOML file at `path`; `named` finds the one it is based on.

    Raises:
        UsageError: the file cannot be read, or says something unknown.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        message = f"cannot read the recipe {path}: {error.strerror}"
        raise UsageError(message) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        message = f"{path} is not TOML: {error}"
        raise UsageError(message) from error
    return recipe_from_dict(values, named)


def recipe_from_dict(values: Mapping[str, Any], named: Callable[[str], Recipe]) -> Recipe:
    """The recipe that `values` describe: fields of `Recipe`, and `base`, a named recipe.

    Raises:
        UsageError: a name is unknown or a value is of the wrong type or out of range.
    """
    base = values.get("base", "int8")
    if not isinstance(base, str):
        _refuse(f"base must be a recipe's name, got {base!r}")
    start = named(base)
    changes: dict[str, Any] = {}
    for name, value in values.items():
        if name == "base":
            continue
        if name not in Recipe.__dataclass_fields__:
            known = ", ".join(("base", *Recipe.__dataclass_fields__))
            _refuse(f"unknown recipe field {name!r}; known: {known}")
        changes[name] = _like(name, value, getattr(start, name))
    if "base" not in values and changes.get("precision") in {"dynamic", "fp16"}:
        changes.setdefault("input_type", "float32")
    return replace(start, **changes)


def recipe_to_dict(recipe: Recipe) -> dict[str, Any]:
    """The recipe as plain JSON/TOML values; `recipe_from_dict` reads it back."""
    return {
        name: list(value) if isinstance(value := getattr(recipe, name), tuple) else value
        for name in Recipe.__dataclass_fields__
    }


def _like(name: str, value: object, example: object) -> object:
    """`value`, when it is of the type of `example`."""
    if isinstance(example, tuple):
        if not isinstance(value, list | tuple) or not all(isinstance(v, str) for v in value):
            _refuse(f"{name} must be a list of strings, got {value!r}")
        return tuple(value)
    if isinstance(example, float) and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not type(example):
        _refuse(f"{name} must be a {type(example).__name__}, got {value!r}")
    return value


def _refuse(message: str) -> NoReturn:
    raise UsageError(message)
