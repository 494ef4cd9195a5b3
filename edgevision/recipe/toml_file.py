"""Recipes in TOML files: the fields of `Recipe` by name, perhaps on top of a named one (`base`)."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from edgevision.errors import UsageError
from edgevision.recipe.recipe import Recipe
from edgevision.serialization.decode import from_plain
from edgevision.serialization.encode import to_plain
from edgevision.serialization.toml_text import read_toml

_HINT = "docs/quantize.md lists what a recipe may say"


def read_recipe(path: Path, named: Callable[[str], Recipe]) -> Recipe:
    """The recipe in the TOML file at `path`; `named` finds the one it is based on.

    Raises:
        UsageError: the file cannot be read, or says something unknown.
    """
    return recipe_from_dict(read_toml(path, hint=_HINT), named, where=f"{path}:")


def recipe_from_dict(
    values: Mapping[str, Any], named: Callable[[str], Recipe], *, where: str = "recipe"
) -> Recipe:
    """The recipe that `values` describe: fields of `Recipe`, and `base`, a named recipe.

    Args:
        values: plain TOML or JSON values.
        named: finds a recipe by its name.
        where: what errors call the document.

    >>> from edgevision.recipe.named import recipe_named
    >>> values = {"base": "int8", "steps": {"ranges": "off"}}
    >>> recipe_from_dict(values, recipe_named).switch("ranges")
    'off'

    Raises:
        UsageError: a name is unknown or a value is of the wrong type or out of range.
    """
    changes = dict(values)
    base = changes.pop("base", None)
    if base is not None and not isinstance(base, str):
        message = f"{where} base should be a recipe's name, not {base!r}"
        raise UsageError(message, hint=_HINT)
    start = named(base or "int8")
    if base is None and changes.get("precision") in {"dynamic", "fp16"}:
        changes.setdefault("input_type", "float32")
    # What is switched here is added to what the base switches.
    steps = changes.get("steps")
    if isinstance(steps, dict):
        changes["steps"] = {**start.steps, **steps}
    return from_plain(Recipe, changes, where=where, base=start, unknown="refuse", hint=_HINT)


def recipe_to_dict(recipe: Recipe) -> dict[str, Any]:
    """The recipe as plain JSON/TOML values; `recipe_from_dict` reads it back."""
    plain: dict[str, Any] = to_plain(recipe)
    return plain
