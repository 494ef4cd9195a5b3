"""Choosing the gates that channels are raised past: those that bring answers nearer for the time.

Each costs every run of the model an operator, from half a per cent of its time behind a late swish
to a tenth behind the first wide one. What it brings is measured, what it costs is estimated.
"""

import logging
from collections.abc import Iterable
from dataclasses import replace
from math import prod

from edgevision.progress import Progress, silent
from edgevision.quantize.quantized_graph import Choice, Stock, Tried, make
from edgevision.quantize.search.choose_steps import LEAST_IMAGES, WIDENINGS, divide, may_equalize
from edgevision.quantize.search.held_out_loss import Judge
from edgevision.quantize.transforms.swish_equalization import gated_pairs, raise_past_gate
from edgevision.recipe.recipe import Recipe
from edgevision.tflite.facts import facts_of
from edgevision.tflite.layer_names import layer_names
from edgevision.tflite.serialize import to_bytes
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


def with_raised_gates(stock: Stock, recipe: Recipe, *, progress: Progress = silent) -> Stock:
    """`stock` of the network with quiet channels raised past those gates where it is worth it.

    Each gate in the network's order is tried on top of those kept, judged on images kept out, with
    corrections from statistics alone; none where all of them together bring little.
    """
    graph = stock.prepared.graph
    pairs = gated_pairs(graph, stock.integer[0]) if may_equalize(recipe) else ()
    places = [pair.made for pair in pairs]
    if recipe.equalization == "on":
        return _raised(stock, places)
    if not places or stock.statistics.count < LEAST_IMAGES:
        return stock
    making, judge = divide(stock, recipe.quality)
    plain = _losses(making, recipe, judge)
    every = _losses(_raised(making, places), recipe, judge)
    if min(every.values()) >= TOGETHER * min(plain.values()):
        return stock
    # One loud channel wants other ranges than many that are equal.
    widening = min(every, key=lambda one: every[one])
    least, tried = plain[widening], []
    model = read_model(to_bytes(graph))
    work, layers = max(1, facts_of(model).multiply_adds), layer_names(model)
    for number, pair in enumerate(pairs, 1):
        made = pair.made
        candidate = raise_past_gate(making, made)
        loss = _loss(candidate, recipe, judge, widening)
        name = layers[pair.producer] or graph.tensors[made].name
        share_of_time = ELEMENT * prod(graph.tensors[made].shape) / work
        kept = loss < (WORTH - PRICE * share_of_time) * least
        tried.append(
            Tried(step=f"channels raised past the gate behind {name}", loss=loss, kept=kept)
        )
        if kept:
            making, least, stock = candidate, loss, raise_past_gate(stock, made)
        progress(number, len(places), "equalizing")
    for line in tried:
        logger.debug("%s: loss %.5f%s", line.step, line.loss, ", kept" if line.kept else "")
    return replace(stock, tried=tuple(line for line in tried if line.kept))


def _raised(stock: Stock, places: Iterable[int]) -> Stock:
    for made in places:
        stock = raise_past_gate(stock, made)
    return stock


def _losses(stock: Stock, recipe: Recipe, judge: Judge) -> dict[float, float]:
    """By how far ranges are widened."""
    widenings = WIDENINGS[recipe.quality]
    if recipe.ranges != "auto":
        widenings = (0.0 if recipe.ranges == "mean-min-max" else 1.0,)
    return {one: _loss(stock, recipe, judge, one) for one in widenings}


def _loss(stock: Stock, recipe: Recipe, judge: Judge, widening: float) -> float:
    made = make(stock, recipe, Choice(widening=widening), rough=True)
    return judge.of(stock.prepared.graph).loss(made.graph, made.position)
