"""Pruning plans: values only, so that no TensorFlow is needed to say what is to be removed."""

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, get_args

from edgevision.errors import UsageError

Measure: TypeAlias = Literal["channels", "macs", "params", "latency"]
"""channels: the same share of every layer. macs: multiply-adds. params: weights. latency: as
measured on a machine."""

Ranking: TypeAlias = Literal["layer", "global"]
"""Whether channels compete within their layer, or all with each other."""

Importance: TypeAlias = Literal["l1", "l2", "bn", "taylor", "random"]
"""l1, l2: size of the kernels that make a channel. bn: size of its BatchNormalization scale.
taylor: how much the loss on data would change, to first order (Molchanov et al. 2019).
random: for comparison."""

MEASURES: tuple[str, ...] = get_args(Measure)
RANKINGS: tuple[str, ...] = get_args(Ranking)
IMPORTANCES: tuple[str, ...] = get_args(Importance)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """How much is to be removed."""

    measure: Measure
    """Of what."""

    fraction: float
    """Share to remove, 0 <= fraction < 1."""

    def __post_init__(self) -> None:
        _one_of("measure", self.measure, MEASURES)
        if not 0 <= self.fraction < 1:
            message = f"the share to remove must be from 0 to below 1, got {self.fraction}"
            raise UsageError(message, hint="0.5 removes half")


@dataclass(frozen=True, slots=True, kw_only=True)
class PruningPlan:
    """What to remove, and how to choose it."""

    target: Target
    importance: Importance = "l2"
    ranking: Ranking = "layer"
    round_to: int = 8
    """Layers shrink to multiples of this many channels. XNNPACK's int8 kernels work on 8 or 16
    at a time, and the rest of a block is wasted."""

    keep: tuple[str, ...] = ()
    """Names or patterns of layers whose output stays as wide as it is."""

    def __post_init__(self) -> None:
        _one_of("importance", self.importance, IMPORTANCES)
        _one_of("ranking", self.ranking, RANKINGS)
        if self.round_to < 1:
            message = f"widths are rounded to multiples of 1 or more, got {self.round_to}"
            raise UsageError(message)


def step_plans(plan: PruningPlan, steps: int) -> tuple[PruningPlan, ...]:
    """Iterative pruning: plans that one after the other remove what `plan` does, equal shares.

    Only the last one rounds widths: a small step of a narrow layer would round to nothing.

    Raises:
        UsageError: `steps` is below 1.
    """
    if steps < 1:
        message = f"there are 1 or more steps, got {steps}"
        raise UsageError(message)
    share = 1 - (1 - plan.target.fraction) ** (1 / steps)
    target = replace(plan.target, fraction=share if steps > 1 else plan.target.fraction)
    step = replace(plan, target=target, round_to=1)
    return (*(step for _ in range(steps - 1)), replace(plan, target=target))


def _one_of(what: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        message = f"unknown {what} {value!r}"
        raise UsageError(message, hint=f"known: {', '.join(known)}")
