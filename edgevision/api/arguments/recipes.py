"""What to make: recipes by flag, name, file or value, their interface, and the accuracy target."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

from edgevision.errors import TargetMissedError, UsageError
from edgevision.quantize.search.accuracy_target import AccuracyTarget, TargetSearch
from edgevision.quantize.steps import check_switches
from edgevision.recipe.named import recipe_for
from edgevision.recipe.recipe import Recipe

RecipeLike: TypeAlias = str | Path | Recipe
"""A recipe's name, the path of a TOML file, or the value itself."""


def recipes(
    flags: Mapping[str, bool], named: Sequence[RecipeLike], *, changes: Mapping[str, Any]
) -> tuple[tuple[str, Recipe], ...]:
    """The recipes asked for, each under the name its file gets; int8 when none was.

    Raises:
        UsageError: one is unknown, asked for twice, or has no use for `changes`.
    """
    asked = [flag for flag, is_asked in flags.items() if is_asked]
    wanted = asked if asked or named else ["int8"]
    found = [named_recipe(one) for one in (*wanted, *named)]
    doubled = {name for name, _ in found if [other for other, _ in found].count(name) > 1}
    if doubled:
        raise UsageError(f"{min(doubled)} was asked for twice")
    if changes and not any(one.is_integer for _, one in found):
        raise UsageError("--input-type, --output-type and --quality need an integer precision")
    return tuple((name, replace(one, **changes) if one.is_integer else one) for name, one in found)


def recipe(
    flags: Mapping[str, bool], named: RecipeLike | None, *, changes: Mapping[str, Any]
) -> tuple[str, Recipe]:
    """The one recipe asked for, under the name its file gets; int8 when none was.

    Raises:
        UsageError: it is unknown, or several were.
    """
    asked = [flag for flag, is_asked in flags.items() if is_asked]
    if len(asked) + (named is not None) > 1:
        words = [f"--{flag}" for flag in asked] + ["--recipe"] * (named is not None)
        raise UsageError(f"{' and '.join(words)} ask for different files: give one")
    name, found = named_recipe(named if named is not None else asked[0] if asked else "int8")
    return name, replace(found, **changes)


def named_recipe(given: RecipeLike) -> tuple[str, Recipe]:
    """A recipe, and the name for its file: of a value, its precision.

    Raises:
        UsageError: it is unknown, its file cannot be read, or it switches an unknown step.
    """
    name = given.precision if isinstance(given, Recipe) else str(given)
    found = given if isinstance(given, Recipe) else recipe_for(name)
    check_switches(found)
    return Path(name).stem if name.endswith(".toml") else name, found


def changes_of(
    *, full_integer: bool, input_type: str | None, output_type: str | None, quality: str | None
) -> dict[str, Any]:
    """What the arguments change in a recipe, which checks the values.

    Raises:
        UsageError: full integer and another interface.
    """
    changes = {"input_type": "int8", "output_type": "int8"} if full_integer else {}
    for name, declared in (("input_type", input_type), ("output_type", output_type)):
        if declared is not None and changes.get(name, declared) != declared:
            flag = f"--{name.replace('_', '-')}"
            raise UsageError(f"--full-integer means int8 in and out, not {flag} {declared}")
        if declared is not None:
            changes[name] = declared
    if quality is not None:
        changes["quality"] = quality
    return changes


def accuracy_target(
    *, min_agreement: float | None, max_drop: float | None
) -> AccuracyTarget | None:
    """The accuracy target, if there is one; both are percents.

    Raises:
        UsageError: there are two, or one is no percentage.
    """
    if min_agreement is not None and max_drop is not None:
        raise UsageError("--min-agreement and --max-drop are two targets: give one")
    for name, value in (("--min-agreement", min_agreement), ("--max-drop", max_drop)):
        if value is not None and not 0 <= value <= 100:
            raise UsageError(f"{name} is from 0 to 100, got {value:g}")
    if min_agreement is not None:
        return AccuracyTarget(kind="agreement", threshold=min_agreement / 100)
    if max_drop is not None:
        return AccuracyTarget(kind="drop", threshold=max_drop / 100)
    return None


def missed(reached: TargetSearch, where: Path) -> TargetMissedError:
    """The error for a target that no file meets; the best one found lies in `where`."""
    worst = ", ".join(reached.hurting)
    return TargetMissedError(
        f"the target was missed; {where} is the best found",
        hint=f"these layers lose most in int8: {worst}" if worst else "",
    )
