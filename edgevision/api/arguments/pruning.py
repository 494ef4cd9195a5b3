"""What to remove from a Keras model, how to choose it, and what to fine-tune on."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgevision.api.arguments.preprocessing import (
    PreprocessingLike,
    declared_preprocessing,
    options_of,
)
from edgevision.api.arguments.unused import refuse_unused
from edgevision.compress.finetune.training import Training, Weights
from edgevision.compress.job import Learning
from edgevision.compress.masking.plan import MaskingPlan
from edgevision.compress.plan import PruningPlan, Target
from edgevision.errors import UsageError
from edgevision.preprocess.declared import nothing_declared


def pruning_plan(
    shares: Mapping[str, float | None],
    *,
    sparsity: float | None,
    two_of_four: bool,
    choice: Mapping[str, Any],
    schedule: str | None,
    dry_run: bool,
) -> PruningPlan | MaskingPlan:
    """What to remove: a share of one measure in `shares`, or weights to zero.

    Args:
        shares: of "channels", "macs", "params" and "latency"; None where it was not asked for.
        sparsity: share of weights to set to zero instead.
        two_of_four: 2 zeros in 4 instead.
        choice: fields of `PruningPlan`; None where it has its own value.
        schedule: of zeros.
        dry_run: whether it is only predicted.

    Raises:
        UsageError: the arguments say nothing, several things, or something that would not be used.
    """
    of_zeros = sparsity is not None or two_of_four
    given = {name: share for name, share in shares.items() if share is not None}
    asked = len(given) + of_zeros
    if asked > 1 or (not asked and not dry_run):
        message = f"say one thing to remove, not {asked}"
        raise UsageError(message, hint="--channels 0.5, --macs, --params, --latency or --sparsity")
    if of_zeros:
        refuse_unused({**choice, "dry_run": dry_run})
        settings = {} if schedule is None else {"schedule": schedule}
        share = 0.5 if sparsity is None else sparsity
        return MaskingPlan(sparsity=share, two_of_four=two_of_four, **settings)  # type: ignore[arg-type] # it checks
    refuse_unused({"schedule": schedule})
    measure, fraction = next(iter(given.items()), ("channels", 0.0))
    if dry_run and measure == "latency":
        message = "latency cannot be predicted, only measured"
        raise UsageError(message, hint="--dry-run with --macs tells what it will depend on")
    target = Target(measure=measure, fraction=fraction)  # type: ignore[arg-type] # it checks
    chosen = {name: value for name, value in choice.items() if value is not None}
    chosen["keep"] = tuple(chosen.get("keep", ()))
    return PruningPlan(target=target, **chosen)


def learning(
    train: str | Path | None,
    *,
    labels: str | Path | None,
    training: Mapping[str, Any],
    weights: Mapping[str, float | None],
    preprocessing: PreprocessingLike | None,
) -> Learning | None:
    """What to fine-tune on and how; None without `train`.

    Args:
        train: path of an image set.
        labels: path of its labels.csv.
        training: fields of `Training`; None where it has its own value.
        weights: the same of `Weights`, by the names of their options.
        preprocessing: how its pixels become input.

    Raises:
        UsageError: a value is wrong, would not be used, or the preprocessing is not declared.
    """
    if train is None:
        unused = {"labels": labels, **training, **weights, **options_of(preprocessing)}
        refuse_unused(unused, without="--train")
        return None
    declared = declared_preprocessing(preprocessing)
    if not declared.is_complete:
        raise nothing_declared(declared)
    given = {
        field: weights[option]
        for field, option in (
            ("teacher", "teacher_weight"),
            ("temperature", "temperature"),
            ("features", "feature_weight"),
        )
        if weights[option] is not None
    }
    settings = {name: value for name, value in training.items() if value is not None}
    return Learning(
        images=str(train),
        labels=None if labels is None else str(Path(labels).resolve()),
        preprocessing=declared,
        training=Training(weights=Weights(**given), **settings),  # type: ignore[arg-type] # it checks
    )
