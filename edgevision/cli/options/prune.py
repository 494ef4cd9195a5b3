"""What `edgevision prune` is to remove and how to choose it, as options and as a plan."""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from edgevision.cli import console
from edgevision.cli.options.common import refuse_unused
from edgevision.cli.options.groups import option_group
from edgevision.errors import UsageError

if TYPE_CHECKING:
    from edgevision.compress.masking.plan import MaskingPlan
    from edgevision.compress.plan import PruningPlan


@option_group("What to remove")
@dataclass(frozen=True, slots=True, kw_only=True)
class RemovalOptions:
    """What to remove: one of these."""

    channels: Annotated[
        float | None,
        typer.Option(help="Share of every layer's channels, such as 0.5."),
    ] = None
    macs: Annotated[float | None, typer.Option(help="Share of the multiply-adds.")] = None
    params: Annotated[float | None, typer.Option(help="Share of the parameters.")] = None
    latency: Annotated[
        float | None,
        typer.Option(help="Share of the measured int8 latency."),
    ] = None
    sparsity: Annotated[
        float | None,
        typer.Option(help="Instead: share of weights to set to zero."),
    ] = None
    two_of_four: Annotated[
        bool,
        typer.Option("--two-of-four", help="Instead: 2 zeros in 4."),
    ] = False

    @property
    def is_of_zeros(self) -> bool:
        """Whether weights become zero, and no channel goes."""
        return self.sparsity is not None or self.two_of_four


@option_group("How to choose it")
@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceOptions:
    """How to choose it; None where `edgevision.compress.plan` has its own value."""

    keep: Annotated[
        list[str] | None,
        typer.Option(help="Layer name or pattern (block1_*) that stays as wide; repeatable."),
    ] = None
    importance: Annotated[str | None, typer.Option(help="l1, l2, bn, taylor or random.")] = None
    ranking: Annotated[
        str | None,
        typer.Option(help="layer: each gives its share. global: all compete."),
    ] = None
    round_to: Annotated[int | None, typer.Option(help="Widths are multiples of this; 8.")] = None


def plan_of(
    removal: RemovalOptions, choice: ChoiceOptions, *, schedule: str | None, dry_run: bool
) -> "PruningPlan | MaskingPlan":
    """What to remove, as the options say.

    Raises:
        UsageError: they say nothing, several things, or something that would not be used.
    """
    from edgevision.compress.masking.plan import MaskingPlan
    from edgevision.compress.plan import PruningPlan, Target

    shares = {
        "channels": removal.channels,
        "macs": removal.macs,
        "params": removal.params,
        "latency": removal.latency,
    }
    given = {name: share for name, share in shares.items() if share is not None}
    asked = len(given) + removal.is_of_zeros
    if asked > 1 or (not asked and not dry_run):
        message = f"say one thing to remove, not {asked}"
        raise UsageError(message, hint="--channels 0.5, --macs, --params, --latency or --sparsity")
    if removal.is_of_zeros:
        refuse_unused({**asdict(choice), "dry_run": dry_run})
        settings = {} if schedule is None else {"schedule": schedule}
        share = 0.5 if removal.sparsity is None else removal.sparsity
        return MaskingPlan(sparsity=share, two_of_four=removal.two_of_four, **settings)  # type: ignore[arg-type] # it checks
    refuse_unused({"schedule": schedule})
    measure, fraction = next(iter(given.items()), ("channels", 0.0))
    if dry_run and measure == "latency":
        message = "latency cannot be predicted, only measured"
        raise UsageError(message, hint="--dry-run with --macs tells what it will depend on")
    target = Target(measure=measure, fraction=fraction)  # type: ignore[arg-type] # it checks
    chosen = {name: value for name, value in asdict(choice).items() if value is not None}
    chosen["keep"] = tuple(chosen.get("keep", ()))
    return PruningPlan(target=target, **chosen)


def say_what_zeros_are_worth(plan: "PruningPlan | MaskingPlan") -> None:
    """Before hours of training, what its zeros will be good for."""
    from edgevision.compress.masking.plan import MaskingPlan

    if isinstance(plan, MaskingPlan):
        console.note(
            "zeros make the .tflite no smaller and int8 on XNNPACK no faster: they pay in files "
            "that travel compressed, and on hardware that skips them. --channels removes for real."
        )
