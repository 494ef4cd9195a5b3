"""Options of integer files that `optimize` and `quantize` share: interface, quality, target."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgevision.cli import console
from edgevision.errors import TargetMissedError, UsageError

if TYPE_CHECKING:
    from edgevision.quantize.target import Goal, Reached

FullInteger = Annotated[
    bool, typer.Option("--full-integer", help="int8 input and output as well, for NPUs.")
]
InputType = Annotated[str | None, typer.Option(help="uint8 (raw pixels), int8 or float32.")]
OutputType = Annotated[str | None, typer.Option(help="float32, int8 or uint8.")]
Quality = Annotated[
    str | None,
    typer.Option(help="How long to try: fast, balanced (the default) or best.", show_default=False),
]
MinAgreement = Annotated[
    float | None,
    typer.Option(min=0, max=100, help="Percent of images that must get the float model's answer."),
]
MaxDrop = Annotated[
    float | None,
    typer.Option(min=0, max=100, help="Points of top-1 accuracy that may be lost at most."),
]

NeverSlower = Annotated[
    bool,
    typer.Option(
        help="Time int8 against float here; leave in float what is faster so, or say why not."
    ),
]


def changes_of(
    *, full_integer: bool, input_type: str | None, output_type: str | None, quality: str | None
) -> dict[str, Any]:
    """What the flags change in a recipe, which checks the values.

    Raises:
        UsageError: --full-integer and another interface.
    """
    changes = {"input_type": "int8", "output_type": "int8"} if full_integer else {}
    for name, said in (("input_type", input_type), ("output_type", output_type)):
        if said is not None and changes.get(name, said) != said:
            flag = f"--{name.replace('_', '-')}"
            raise UsageError(f"--full-integer means int8 in and out, not {flag} {said}")
        if said is not None:
            changes[name] = said
    if quality is not None:
        changes["quality"] = quality
    return changes


def goal_of(min_agreement: float | None, max_drop: float | None) -> "Goal | None":
    """The accuracy target, if there is one.

    Raises:
        UsageError: there are two.
    """
    from edgevision.quantize.target import Goal

    if min_agreement is not None and max_drop is not None:
        raise UsageError("--min-agreement and --max-drop are two targets: give one")
    if min_agreement is not None:
        return Goal(kind="agreement", threshold=min_agreement / 100)
    if max_drop is not None:
        return Goal(kind="drop", threshold=max_drop / 100)
    return None


def render_trials(reached: "Reached") -> None:
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


def missed(reached: "Reached", where: str) -> TargetMissedError:
    """The error for a target that no file meets; the best one found lies in `where`."""
    worst = ", ".join(reached.hurting)
    return TargetMissedError(
        f"the target was missed; {where} is the best found",
        hint=f"these layers lose most in int8: {worst}" if worst else "",
    )
