"""Choosing the gates that channels are raised past: those that bring answers nearer for the time.

Each costs every run of the model an operator, from half a per cent of its time behind a late swish
to a tenth behind the first wide one. What it brings is measured, what it costs is estimated.
"""

import logging
from collections.abc import Iterable
from dataclasses import replace
from math import prod

from edgevision.progress import Progress, silent
from edgevision.quantize.quantized_graph import CalibratedModel, QuantSettings, StepTrial, make
from edgevision.quantize.search.choose_steps import (
    LEAST_IMAGES,
    WIDENINGS,
    may_equalize,
    split_held_out,
)
from edgevision.quantize.search.held_out_loss import HeldOutLoss
from edgevision.quantize.transforms.swish_equalization import equalize_past_swish, swish_pairs
from edgevision.recipe.recipe import Recipe
from edgevision.tflite.facts import facts_of
from edgevision.tflite.layer_names import layer_names
from edgevision.tflite.serialize import serialize
from edgevision.tflite.view import read_model

logger = logging.getLogger(__name__)

TOGETHER = 0.85
"""All gates must bring the loss below this share of what it was, or none is looked at: over a dozen
tries some look better by chance."""

WORTH = 0.97
"""A gate must bring the loss below this share of what it was, were it free: less is chance."""

PRICE = 2.0
"""And lower it by another 2 per cent for each per cent of the model's time."""

ELEMENT = 35
"""Multiply-adds that take as long as multiplying one element by a constant: EfficientNet-B0 at 96
pixels, int8, one thread of x86-64 (0.55 ns and 16 ps). An estimate will do: the loss is halved, or
it hardly changes."""


def with_swish_equalization(
    stock: CalibratedModel, recipe: Recipe, *, progress: Progress = silent
) -> CalibratedModel:
    """`stock` of the network with quiet channels raised past those gates where it is worth it.

    Each gate in the network's order is tried on top of those kept, judged on images kept out, with
    corrections from statistics alone; none where all of them together bring little.
    """
    graph = stock.prepared.graph
    pairs = swish_pairs(graph, stock.integer[0]) if may_equalize(recipe) else ()
    places = [pair.made for pair in pairs]
    if recipe.equalization == "on":
        return _raised(stock, places)
    if not places or stock.statistics.count < LEAST_IMAGES:
        return stock
    making, judge = split_held_out(stock, recipe.quality)
    plain = _losses(making, recipe, judge)
    every = _losses(_raised(making, places), recipe, judge)
    if min(every.values()) >= TOGETHER * min(plain.values()):
        return stock
    # One loud channel wants other ranges than many that are equal.
    widening = min(every, key=lambda one: every[one])
    least, tried = plain[widening], []
    model = read_model(serialize(graph))
    work, layers = max(1, facts_of(model).multiply_adds), layer_names(model)
    for number, pair in enumerate(pairs, 1):
        made = pair.made
        candidate = equalize_past_swish(making, made)
        loss = _loss(candidate, recipe, judge, widening)
        name = layers[pair.producer] or graph.tensors[made].name
        share_of_time = ELEMENT * prod(graph.tensors[made].shape) / work
        kept = loss < (WORTH - PRICE * share_of_time) * least
        tried.append(
            StepTrial(step=f"channels raised past the gate behind {name}", loss=loss, kept=kept)
        )
        if kept:
            making, least, stock = candidate, loss, equalize_past_swish(stock, made)
        progress(number, len(places), "equalizing")
    for line in tried:
        logger.debug("%s: loss %.5f%s", line.step, line.loss, ", kept" if line.kept else "")
    return replace(stock, tried=tuple(line for line in tried if line.kept))


def _raised(stock: CalibratedModel, places: Iterable[int]) -> CalibratedModel:
    for made in places:
        stock = equalize_past_swish(stock, made)
    return stock


def _losses(stock: CalibratedModel, recipe: Recipe, judge: HeldOutLoss) -> dict[float, float]:
    """By how far ranges are widened."""
    widenings = WIDENINGS[recipe.quality]
    if recipe.ranges != "auto":
        widenings = (0.0 if recipe.ranges == "mean-min-max" else 1.0,)
    return {one: _loss(stock, recipe, judge, one) for one in widenings}


def _loss(stock: CalibratedModel, recipe: Recipe, judge: HeldOutLoss, widening: float) -> float:
    made = make(stock, recipe, QuantSettings(widening=widening), rough=True)
    return judge.of(stock.prepared.graph).loss(made.graph, made.position)
