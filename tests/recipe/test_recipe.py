from pathlib import Path

import pytest

from edgevision.errors import UsageError
from edgevision.recipe.named import ALIASES, RECIPES, recipe_for, recipe_named
from edgevision.recipe.recipe import Recipe
from edgevision.recipe.toml_file import recipe_from_plain
from edgevision.serialization.encode import to_plain


def test_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(UsageError) as caught:
        recipe_named("int9")
    for name in (*RECIPES, *ALIASES):
        assert name in str(caught.value)


@pytest.mark.parametrize("alias", sorted(ALIASES))
def test_names_of_ai_edge_quantizer_are_known(alias: str) -> None:
    assert recipe_named(alias) is RECIPES[ALIASES[alias]]


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_a_recipe_survives_being_written_as_plain_values(name: str) -> None:
    recipe = RECIPES[name]
    assert recipe_from_plain(to_plain(recipe), recipe_named) == recipe


def test_a_file_changes_a_named_recipe(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('base = "full-integer"\nranges = "min-max"\nfloat_operators = ["^head/"]\n')
    recipe = recipe_for(str(path))
    assert recipe.output_type == "int8"
    assert recipe.ranges == "min-max"
    assert recipe.float_operators == ("^head/",)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('input = "uint8"', "unknown name 'input'"),
        ('input_type = "uint16"', "uint16"),
        ("seed = 1.5", "seed should be a whole number"),
        ("bias_correction = 1", "bias_correction should be true or false"),
        ('float_operators = "conv"', "float_operators should be a list"),
        ('base = "best"', "unknown recipe 'best'"),
        ("base = 3", "base should be a recipe's name"),
        ("base = [", "not TOML"),
        ('steps = "off"', "steps should be an object"),
        ('[steps]\nequalization = "maybe"', r"steps\.equalization should be one of"),
        ("[steps]\nequalization = true", r"steps\.equalization should be one of"),
        ('precision = "fp16"\noutput_type = "int8"', "keeps float32"),
    ],
)
def test_a_bad_file_is_refused_by_what_it_says(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=complaint):
        recipe_for(str(path))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"absent\.toml"):
        recipe_for(str(tmp_path / "absent.toml"))


def test_int8_is_the_default() -> None:
    assert recipe_named("int8") == Recipe()


def test_steps_are_switched_by_name_and_win_over_the_field_of_that_name(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('equalization = "on"\n[steps]\nequalization = "off"\nranges = "on"\n')
    recipe = recipe_for(str(path))
    assert recipe.switch("equalization") == "off"
    assert recipe.switch("ranges") == "on"


@pytest.mark.parametrize(
    ("recipe", "step", "switch"),
    [
        (Recipe(), "equalization", "auto"),
        (Recipe(equalization="off"), "equalization", "off"),
        (Recipe(), "bias_correction", "on"),
        (Recipe(bias_correction=False), "bias_correction", "off"),
        (Recipe(), "ranges", "auto"),
        (Recipe(ranges="min-max"), "ranges", "off"),
        (Recipe(ranges="mean-min-max"), "ranges", "on"),
        (Recipe(), "a_step_of_tomorrow", None),
        (Recipe(), "seed", None),
        (Recipe(steps={"a_step_of_tomorrow": "on"}), "a_step_of_tomorrow", "on"),
    ],
)
def test_a_field_is_the_switch_of_the_step_of_its_name(
    recipe: Recipe, step: str, switch: str | None
) -> None:
    assert recipe.switch(step) == switch


def test_a_switch_is_on_off_or_auto() -> None:
    with pytest.raises(UsageError, match=r"steps\.equalization must be one of auto, on, off"):
        Recipe(steps={"equalization": "maybe"})  # type: ignore[dict-item]
