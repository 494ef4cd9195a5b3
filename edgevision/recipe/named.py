"""Recipes by name, with the names ai-edge-quantizer's users know as aliases."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from edgevision.errors import UsageError
from edgevision.recipe.recipe import Recipe
from edgevision.recipe.toml_file import read_recipe

RECIPES: Mapping[str, Recipe] = MappingProxyType(
    {
        "int8": Recipe(),
        "full-integer": Recipe(input_type="int8", output_type="int8"),
        # FULLY_CONNECTED with a scale per output is refused by runtimes before TF 2.17, and
        # tflite-runtime 2.14 is all that 32-bit Raspberry Pi OS has.
        "int8-tflite-2.14": Recipe(dense_per_channel=False),
        "dynamic": Recipe(precision="dynamic", input_type="float32"),
        "fp16": Recipe(precision="fp16", input_type="float32"),
        "int16x8": Recipe(precision="int16x8"),
    }
)

ALIASES: Mapping[str, str] = MappingProxyType(
    {
        "static_wi8_ai8": "int8",
        "static_wi8_ai16": "int16x8",
        "dynamic_wi8_afp32": "dynamic",
    }
)
"""Names of ai_edge_quantizer.recipe for what is the same here."""


def recipe_named(name: str) -> Recipe:
    """The recipe called `name`.

    >>> recipe_named("full-integer").is_full_integer
    True

    Raises:
        UsageError: there is none of that name.
    """
    try:
        return RECIPES[ALIASES.get(name, name)]
    except KeyError:
        known = ", ".join((*RECIPES, *ALIASES))
        message = f"unknown recipe {name!r}; known: {known}"
        raise UsageError(message, hint="or give a file: --recipe my_recipe.toml") from None


def recipe_for(name_or_file: str) -> Recipe:
    """The recipe of that name, or in the TOML file of that path (told by its ending).

    Raises:
        UsageError: the name is unknown, or the file cannot be read or says something unknown.
    """
    if name_or_file.endswith(".toml"):
        return read_recipe(Path(name_or_file), recipe_named)
    return recipe_named(name_or_file)
