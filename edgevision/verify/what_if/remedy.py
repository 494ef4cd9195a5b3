"""What would help a layer, and how much it does: the file is made again with it, and measured."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from edgevision.errors import EdgeVisionError
from edgevision.metrics.classification import agreement
from edgevision.metrics.divergence import mean_kl
from edgevision.metrics.rate import Rate
from edgevision.predictions import Predictions
from edgevision.recipe.recipe import RangeMethod
from edgevision.tflite import ops
from edgevision.verify.diagnosis.cause import GATES, Diagnosis, not_from_output
from edgevision.verify.layers.layer_error import LayerError, decibels
from edgevision.verify.layers.network import Network, represented


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change of the recipe."""

    words: str
    """"keep conv1 and what reads it in float"."""
    ranges: RangeMethod | None = None
    equalization: bool = False
    """Raise quiet channels before depthwise layers, so that one scale serves all."""
    float_operators: tuple[str, ...] = ()
    """Regular expressions for the recipe's entry of that name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closeness:
    """How near a file's answers are to those of the float model, on the same images."""

    agreement: Rate
    mean_kl: float
    """Nats."""
    sqnr_db: float
    """Of the scores."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """A change, and what it does."""

    change: Change
    effect: Closeness | None
    """Of the file made with it; None when that was not to be had, and `reason` says why."""
    reason: str = ""


Trial = Callable[[Change], Predictions]
"""Makes the file with a change, and runs it on the images kept for measuring."""

UNCHANGED = Change(words="quantized again as it is")


def changes_for(layer: LayerError, cause: Diagnosis, network: Network) -> tuple[Change, ...]:
    """What may help against `cause`, the lightest change first.

    Other ranges change every layer, for better or worse; keeping the layer in float does not.
    """
    in_float = _kept_in_float(layer, cause, network)
    if cause.label == "clipped range":
        return Change(words="ranges from the extremes over all images", ranges="min-max"), in_float
    if cause.label == "stretched range":
        words = "ranges from the mean of each image's extremes"
        return Change(words=words, ranges="mean-min-max"), in_float
    readers = {one.pair.operation for one in network.readers(layer)}
    if cause.label == "outlier channel" and readers & (ops.CONVOLUTIONS | {ops.PAD}):
        words = "equalize channels before convolutions"
        return Change(words=words, equalization=True), in_float
    return (in_float,)


def _kept_in_float(layer: LayerError, cause: Diagnosis, network: Network) -> Change:
    is_in_weights = cause.label == "bias overflow" or (
        cause.label in {"rounding", "outlier channel"} and not_from_output(layer, network) >= 0.5
    )
    kept = [layer.pair]
    if not is_in_weights and represented(network.output(layer)) is not None:
        # The layer's output stays exact only if who reads it computes in float as well.
        kept += [one.pair for one in network.readers(layer)]
    if layer.pair.operation in {*GATES, ops.ADD, ops.SUB, ops.CONCATENATION}:
        kept += [one.pair for one in network.sources(layer)]
    names = [f"^{re.escape(pair.tensor_name)}$" for pair in kept]
    others = len(kept) - 1
    more = f" and {others} beside it" if others else ""
    return Change(words=f"keep {layer.pair.layer}{more} in float", float_operators=tuple(names))


def closeness(ours: Predictions, original: Predictions) -> Closeness:
    """How near `ours` is to `original`."""
    error = ours.scores.astype(np.float64) - original.scores
    return Closeness(
        agreement=agreement(ours.scores, original.scores),
        mean_kl=mean_kl(ours.probabilities(), original.probabilities()),
        sqnr_db=decibels(
            float(np.square(original.scores, dtype=np.float64).sum()), float((error**2).sum())
        ),
    )


def try_changes(
    changes: Sequence[Change], trial: Trial, original: Predictions
) -> dict[Change, WhatIf]:
    """Each change tried once; `original` are the float model's answers on the measuring images."""
    remedies = {}
    for change in dict.fromkeys(changes):
        try:
            effect = closeness(trial(change), original)
        except EdgeVisionError as error:
            remedies[change] = WhatIf(change=change, effect=None, reason=str(error))
            continue
        remedies[change] = WhatIf(change=change, effect=effect)
    return remedies
