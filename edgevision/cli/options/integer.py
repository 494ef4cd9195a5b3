"""Options of integer files that `optimize` and `quantize` share: interface, quality, target."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgevision.cli import console
from edgevision.cli.options.groups import option_group
from edgevision.errors import TargetMissedError, UsageError

if TYPE_CHECKING:
    from edgevision.quantize.search.accuracy_target import AccuracyTarget, TargetSearch


@option_group("Integer files")
@dataclass(frozen=True, slots=True, kw_only=True)
class IntegerOptions:
    """What the command line says of integer files; the recipe says the rest, and checks it."""

    full_integer: Annotated[
        bool,
        typer.Option("--full-integer", help="int8 input and output as well, for NPUs."),
    ] = False
    input_type: Annotated[
        str | None,
        typer.Option(metavar="TYPE", help="uint8 (raw pixels), int8 or float32."),
    ] = None
    output_type: Annotated[
        str | None,
        typer.Option(metavar="TYPE", help="float32, int8 or uint8."),
    ] = None
    quality: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="How long to try: fast, balanced (the default) or best."),
    ] = None
    never_slower: Annotated[
        bool,
        typer.Option(
            help="With --on: time int8 against float there; leave in float what is faster so,"
            " or say why not."
        ),
    ] = True

    def changes(self) -> dict[str, Any]:
        """What the options change in a recipe, which checks the values.

        Raises:
            UsageError: --full-integer and another interface.
        """
        changes = {"input_type": "int8", "output_type": "int8"} if self.full_integer else {}
        for name, declared in (("input_type", self.input_type), ("output_type", self.output_type)):
            if declared is not None and changes.get(name, declared) != declared:
                flag = f"--{name.replace('_', '-')}"
                raise UsageError(f"--full-integer means int8 in and out, not {flag} {declared}")
            if declared is not None:
                changes[name] = declared
        if self.quality is not None:
            changes["quality"] = self.quality
        return changes


@option_group("What int8 must keep")
@dataclass(frozen=True, slots=True, kw_only=True)
class TargetOptions:
    """The accuracy that an integer file must reach, with as few layers in float as that takes."""

    min_agreement: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=100,
            metavar="PERCENT",
            help="Of the images, that must get the float model's answer.",
        ),
    ] = None
    max_drop: Annotated[
        float | None,
        typer.Option(
            min=0, max=100, metavar="POINTS", help="Of top-1 accuracy, that may be lost at most."
        ),
    ] = None

    def goal(self) -> "AccuracyTarget | None":
        """The accuracy target, if there is one.

        Raises:
            UsageError: there are two.
        """
        from edgevision.quantize.search.accuracy_target import AccuracyTarget

        if self.min_agreement is not None and self.max_drop is not None:
            raise UsageError("--min-agreement and --max-drop are two targets: give one")
        if self.min_agreement is not None:
            return AccuracyTarget(kind="agreement", threshold=self.min_agreement / 100)
        if self.max_drop is not None:
            return AccuracyTarget(kind="drop", threshold=self.max_drop / 100)
        return None


def render_trials(reached: "TargetSearch") -> None:
    """What the search for a target tried, as a table on stdout."""
    table = console.new_table("tried", "float ops", "measured", "95 %", "ms", "met")
    for trial in reached.trials:
        found = trial.measured
        table.add_row(
            trial.name,
            str(trial.float_operators),
            console.percent(found.value),
            f"{100 * found.low:.1f} to {100 * found.high:.1f}",
            "" if trial.median_ms is None else f"{trial.median_ms:.2f}",
            "yes" if trial.met else "no",
        )
    console.print_table(table)


def missed(reached: "TargetSearch", where: str) -> TargetMissedError:
    """The error for a target that no file meets; the best one found lies in `where`."""
    worst = ", ".join(reached.hurting)
    return TargetMissedError(
        f"the target was missed; {where} is the best found",
        hint=f"these layers lose most in int8: {worst}" if worst else "",
    )
