"""Make a Keras model smaller by whole channels, towards a target."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from edgevision.compress.graph.channel_graph import ChannelGraph, LayerWidth, build_graph
from edgevision.compress.graph.channels import ChannelIds
from edgevision.compress.graph.cost import CostModel, ModelCost, cost_model
from edgevision.compress.graph.removal import remove
from edgevision.compress.graph.trace import trace
from edgevision.compress.importance.reconstruction import reconstruct
from edgevision.compress.importance.scores import Scores, weight_scores
from edgevision.compress.importance.selection import ChannelMask, ChannelSelector, CostFunction
from edgevision.compress.plan import PruningPlan, Target
from edgevision.errors import ModelError, TargetMissedError, UsageError
from edgevision.progress import Progress, silent
from edgevision.tensors import FloatArray

LatencyMs: TypeAlias = Callable[[Any], float]
"""Measures a Keras model somewhere: the host, or a device at the end of a line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """A smaller model, and what was done."""

    model: Any
    before: ModelCost
    after: ModelCost
    widths_before: tuple[LayerWidth, ...]
    widths_after: tuple[int, ...]
    """Channels left in each layer of `widths_before`."""

    feature: "Feature | None"
    """Where to compare inner feature maps with the original's; None when there is no such place."""

    warnings: tuple[str, ...] = ()
    """A sentence for each layer that could not be refitted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """The last feature map of the original and of the smaller model, by layer name."""

    layer: str
    channels: ChannelIds
    """Which of the original's channels the smaller model still has, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CostPoint:
    """What one share removed would come to."""

    fraction: float
    cost: ModelCost
    widths: tuple[int, ...]
    """Channels left in each layer that makes channels."""


def prune(
    model: Any,
    plan: PruningPlan,
    *,
    score: Callable[[ChannelGraph], Scores] | None = None,
    latency_ms: LatencyMs | None = None,
    refit_on: FloatArray | None = None,
    progress: Progress = silent,
) -> Pruned:
    """Remove channels from `model`, which stays as it is; the result is a new Keras model.

    Args:
        model: A functional or Sequential Keras 3 model.
        plan: What to remove.
        score: Scores units instead of `plan.importance`; "taylor" needs it, as it needs data.
        latency_ms: Measures a candidate; needed for a target in latency.
        refit_on: Inputs of the model; the layers left are refitted to make up for what is gone,
            which without any training saves most of the accuracy. A few hundred images will do.
        progress: Told of layers refitted.

    Raises:
        ModelError: the model has no graph, or nothing in it can be removed.
        UsageError: a pattern in `keep` matches nothing, or something needed was not given.
        TargetMissedError: the target cannot be reached.
    """
    graph = build_graph(trace(model), keep=plan.keep)
    _refuse_when_nothing_can_go(graph)
    costs = cost_model(graph)
    selector = _selector(graph, plan, score)
    mask = selector.select_for(plan.target, _cost_function(graph, costs, plan, latency_ms))
    smaller = remove(graph, mask)
    warnings: tuple[str, ...] = ()
    if refit_on is not None:
        if len(graph.trace.input_symbols) != 1:
            message = f"{graph.trace.name} has several inputs, and layers are refitted on one"
            raise UsageError(message)
        warnings = reconstruct(graph, mask, smaller, refit_on, progress=progress)
    return Pruned(
        model=smaller,
        before=costs.cost(graph.full_mask()),
        after=costs.cost(mask),
        widths_before=graph.layer_widths(),
        widths_after=_widths(graph, mask),
        feature=_last_feature(graph, mask),
        warnings=warnings,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CostCurve:
    """What several shares removed would come to."""

    widths: tuple[LayerWidth, ...]
    """Now."""

    points: tuple[CostPoint, ...]
    out_of_reach: tuple[str, ...]
    """For each share that has no point, why."""


def cost_curve(model: Any, plan: PruningPlan, fractions: Sequence[float]) -> CostCurve:
    """What removing each of `fractions` would come to, as far as it can be; builds nothing.

    Raises: as `prune`, and UsageError for a target in latency, which cannot be predicted.
    """
    graph = build_graph(trace(model), keep=plan.keep)
    _refuse_when_nothing_can_go(graph)
    costs = cost_model(graph)
    # Only how many go is asked here, and that does not depend on which, except in a global
    # ranking by data, where the weights' norms stand in.
    importance = "l2" if plan.importance == "taylor" else plan.importance
    selector = ChannelSelector(
        graph=graph,
        scores=weight_scores(graph, importance),
        ranking=plan.ranking,
        round_to=plan.round_to,
    )
    points: list[CostPoint] = []
    missed: list[str] = []
    for fraction in fractions:
        target = Target(measure=plan.target.measure, fraction=fraction)
        try:
            mask = selector.select_for(target, _cost_function(graph, costs, plan, None))
        except TargetMissedError as error:
            missed.append(str(error))
            continue
        points.append(
            CostPoint(fraction=fraction, cost=costs.cost(mask), widths=_widths(graph, mask))
        )
    return CostCurve(widths=graph.layer_widths(), points=tuple(points), out_of_reach=tuple(missed))


def _last_feature(graph: ChannelGraph, mask: ChannelMask) -> Feature | None:
    for call in reversed(graph.trace.calls):
        carried = graph.tensor_channels.get(call.outputs[0])
        is_map = carried is not None and len(call.outputs[0].shape) == carried.axis + 1 == 4
        # Functions have no output to ask a model for, and a layer used twice has two.
        uses = sum(other.operation is call.operation for other in graph.trace.calls)
        if carried is not None and is_map and hasattr(call.operation, "weights") and uses == 1:
            staying = np.flatnonzero(graph.mask_at(carried.ids, mask))
            return Feature(layer=call.name, channels=staying)
    return None


def _refuse_when_nothing_can_go(graph: ChannelGraph) -> None:
    if graph.pruning_groups:
        return
    reasons = dict.fromkeys(reason for row in graph.layer_widths() for reason in row.reasons)
    why = "; ".join(list(reasons)[:3]) or "it has no layer that makes channels"
    message = f"no channel of {graph.trace.name} can be removed: {why}"
    raise ModelError(message)


def _selector(
    graph: ChannelGraph, plan: PruningPlan, score: Callable[[ChannelGraph], Scores] | None
) -> ChannelSelector:
    if score is None and plan.importance == "taylor":
        message = "importance taylor needs images to take gradients on"
        raise UsageError(message, hint="give --train, or choose another --importance")
    scores = score(graph) if score is not None else weight_scores(graph, plan.importance)
    return ChannelSelector(graph=graph, scores=scores, ranking=plan.ranking, round_to=plan.round_to)


def _cost_function(
    graph: ChannelGraph, costs: CostModel, plan: PruningPlan, latency_ms: LatencyMs | None
) -> CostFunction:
    match plan.target.measure:
        case "macs":
            return lambda mask: float(costs.cost(mask).macs)
        case "params":
            return lambda mask: float(costs.cost(mask).parameters)
        case "channels":
            return lambda mask: float(mask.sum())
    if latency_ms is None:
        message = "a target in latency needs something to measure it with"
        raise UsageError(message, hint="latency cannot be predicted: leave --dry-run away")
    measure = latency_ms
    return lambda mask: measure(remove(graph, mask))


def _widths(graph: ChannelGraph, mask: ChannelMask) -> tuple[int, ...]:
    return tuple(int(graph.mask_at(width.ids, mask).sum()) for width in graph.widths)
