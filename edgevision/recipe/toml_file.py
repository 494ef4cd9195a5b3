"""Recipes in TOML files: the fields of `Recipe` by name, perhaps on top of a named one (`base`)."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from edgevision.errors import UsageError
from edgevision.recipe.recipe import Recipe
from edgevision.serialization.decode import from_plain
from edgevision.serialization.toml_text import read_toml


def read_recipe(path: Path, named: Callable[[str], Recipe]) -> Recipe:
    """The recipe in the TOML file at `path`; `named` finds the one it is based on.

    Raises:
        UsageError: the file cannot be read, or says something unknown.
    """
    return recipe_from_plain(read_toml(path), named, where=f"{path}:")


def recipe_from_plain(
    values: Mapping[str, Any], named: Callable[[str], Recipe], *, where: str = "recipe"
) -> Recipe:
    """The recipe that `values` describe: fields of `Recipe`, and `base`, a named recipe.

    >>> from edgevision.recipe.named import recipe_named
    >>> values = {"base": "int8", "steps": {"ranges": "off"}}
    >>> recipe_from_plain(values, recipe_named).switch("ranges")
    'off'

    Raises:
        UsageError: a name is unknown or a value is of the wrong type or out of range.
    """
    changes = dict(values)
    base = changes.pop("base", None)
    if base is not None and not isinstance(base, str):
        message = f"{where} base should be a recipe's name, not {base!r:.60}"
        raise UsageError(message)
    if base is None and changes.get("precision") in {"dynamic", "fp16"}:
        changes.setdefault("input_type", "float32")
    start = named("int8" if base is None else base)
    if isinstance(steps := changes.get("steps"), dict):
        # What is switched here is added to what the base switches.
        changes["steps"] = {**start.steps, **steps}
    return from_plain(Recipe, changes, where=where, base=start, unknown="refuse")
