"""The options of `edgevision prune` made into plans, and refused when they would do nothing."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from edgevision.cli import console
from edgevision.errors import UsageError

if TYPE_CHECKING:
    from edgevision.compress.job import Learning
    from edgevision.compress.masking_plan import MaskingPlan
    from edgevision.compress.plan import Plan


def plan_of(
    *,
    shares: dict[str, float | None],
    sparsity: float | None,
    two_of_four: bool,
    choosing: dict[str, object],
    schedule: str | None,
    dry_run: bool,
) -> "Plan | MaskingPlan":
    """What to remove, as the options say.

    Raises:
        UsageError: they say nothing, several things, or something that would not be used.
    """
    from edgevision.compress.masking_plan import MaskingPlan
    from edgevision.compress.plan import Plan, Target

    given = {name: share for name, share in shares.items() if share is not None}
    zeros = sparsity is not None or two_of_four
    if len(given) + zeros > 1 or (not given and not zeros and not dry_run):
        message = f"say one thing to remove, not {len(given) + zeros}"
        raise UsageError(message, hint="--channels 0.5, --macs, --params, --latency or --sparsity")
    chosen = {name: value for name, value in choosing.items() if value is not None}
    if zeros:
        refuse_unused({f"--{name.replace('_', '-')}": True for name in chosen})
        refuse_unused({"--dry-run": dry_run})
        settings = {} if schedule is None else {"schedule": schedule}
        share = 0.5 if sparsity is None else sparsity
        return MaskingPlan(sparsity=share, two_of_four=two_of_four, **settings)  # type: ignore[arg-type] # it checks
    refuse_unused({"--schedule": schedule is not None})
    measure, fraction = next(iter(given.items()), ("channels", 0.0))
    if dry_run and measure == "latency":
        message = "latency cannot be predicted, only measured"
        raise UsageError(message, hint="--dry-run with --macs tells what it will depend on")
    target = Target(measure=measure, fraction=fraction)  # type: ignore[arg-type] # it checks
    return Plan(target=target, **chosen)  # type: ignore[arg-type] # it checks


def learning_of(
    train: Path | None,
    labels: Path | None,
    *,
    weights: Mapping[str, float | None],
    settings: Mapping[str, object],
    preprocessing: Mapping[str, object],
) -> "Learning | None":
    """What to fine-tune on and how, as the options say; None without --train.

    Raises:
        UsageError: a value is wrong, would not be used, or the preprocessing is not said.
    """
    from edgevision.compress.job import Learning
    from edgevision.compress.training import Training, Weights
    from edgevision.preprocess.options import from_flags, refuse_auto
    from edgevision.preprocess.preprocessing import nothing_said

    if train is None:
        named = {"labels": labels, **weights, **settings, **preprocessing}
        flags = {"teacher": "teacher-weight", "features": "feature-weight"}
        refuse_unused(
            {
                f"--{flags.get(name, name).replace('_', '-')}": value is not None
                for name, value in named.items()
            },
            without="--train",
        )
        return None
    refuse_auto(preprocessing["preprocess"])  # type: ignore[arg-type] # as typer gives it
    said = from_flags(**preprocessing)  # type: ignore[arg-type] # as typer gives them
    if not said.is_complete:
        raise nothing_said(said)
    chosen = {name: value for name, value in settings.items() if value is not None}
    mixed = Weights(**{name: value for name, value in weights.items() if value is not None})
    return Learning(
        images=str(train),
        labels=None if labels is None else str(labels.resolve()),
        preprocessing=said,
        training=Training(weights=mixed, **chosen),  # type: ignore[arg-type] # it checks
    )


def refuse_unused(given: dict[str, bool], *, without: str = "") -> None:
    """Raise for an option that would do nothing.

    Raises:
        UsageError: naming the first one.
    """
    for option, is_given in given.items():
        if is_given:
            why = f"without {without}" if without else "together with what else was asked for"
            message = f"{option} does nothing {why}"
            hint = f"leave {option} away" + (f", or add {without}" if without else "")
            raise UsageError(message, hint=hint)


def say_what_zeros_are_worth(plan: "Plan | MaskingPlan") -> None:
    """Before hours of training, what its zeros will be good for."""
    from edgevision.compress.masking_plan import MaskingPlan

    if isinstance(plan, MaskingPlan):
        console.note(
            "zeros make the .tflite no smaller and int8 on XNNPACK no faster: they pay in files "
            "that travel compressed, and on hardware that skips them. --channels removes for real."
        )
