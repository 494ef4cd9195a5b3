"""Choosing among the steps by measuring: what does not help on images kept out is not done."""

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from edgevision.progress import Progress, silent
from edgevision.quantize.correct.refine import MOST_IMAGES
from edgevision.quantize.quantized_graph import (
    CalibratedModel,
    QuantizedGraph,
    QuantSettings,
    StepTrial,
    make,
    pick,
)
from edgevision.quantize.search.held_out_loss import HeldOutLoss
from edgevision.quantize.transforms.equalization import equalizable_pairs
from edgevision.recipe.recipe import Quality, Recipe

logger = logging.getLogger(__name__)

KEPT_OUT = 4
"""Every so many images one is kept out of the making, to judge on."""

MOST_JUDGES: dict[Quality, int] = {"fast": 16, "balanced": 32, "best": 64}
"""Images kept out at most: each choice is run on all of them."""

LEAST_IMAGES = 8
"""With fewer, none can be spared to judge on: min-max ranges, and no step that needs judging."""

WORTH = 0.99
"""A step must bring the loss below this share of what it was: it costs time, and less is chance."""

WIDENINGS: dict[Quality, tuple[float, ...]] = {
    "fast": (0.0, 0.3, 1.0),
    "balanced": (0.0, 0.3, 1.0),
    "best": (0.0, 0.1, 0.3, 0.6, 1.0),
}
"""Ranges tried between typical and extreme ones; see `ranges.observed_ranges`."""


def may_equalize(recipe: Recipe) -> bool:
    """Whether equalization can come up under `recipe`."""
    return recipe.precision == "int8" and recipe.equalization != "off"


def may_round(recipe: Recipe) -> bool:
    """Whether rounding by output can come up under `recipe`."""
    wanted = recipe.weight_rounding == "auto" and recipe.quality != "fast"
    return wanted or recipe.weight_rounding == "on"


def tries_rounding(recipe: Recipe, images: int) -> bool:
    """Whether `choose_steps` rounds weights by output, be it only to see what that brings."""
    enough = recipe.weight_rounding == "on" or images >= LEAST_IMAGES
    return may_round(recipe) and enough


def choose_steps(
    stock: CalibratedModel, recipe: Recipe, *, progress: Progress = silent
) -> QuantizedGraph:
    """The integer graph of the choice that measures best.

    Choices are made on three quarters of the images and judged on the rest; the graph is then made
    of all images.
    """
    choice = _asked(recipe)
    tried: list[StepTrial] = []
    made = None
    if stock.statistics.count >= LEAST_IMAGES and _is_open(recipe):
        making, judge = split_held_out(stock, recipe.quality)
        choice, tried = _search(making, recipe, judge, choice)
        if recipe.weight_rounding == "auto" and may_round(recipe):
            made, steps = _rounded_or_not(stock, recipe, judge, choice, progress)
            tried += steps
            choice = made.choice
            if making.statistics.count < MOST_IMAGES:
                # More images would have made it better.
                made = None
    for line in tried:
        logger.debug("%s: loss %.5f%s", line.step, line.loss, ", kept" if line.kept else "")
    if made is None:
        made = make(stock, recipe, choice, progress=progress)
    return replace(made, tried=tuple(tried))


def split_held_out(stock: CalibratedModel, quality: Quality) -> tuple[CalibratedModel, HeldOutLoss]:
    """Most of the images to make from, and the rest to judge on."""
    making, judging = _parted(stock.statistics.count, quality)
    judge = HeldOutLoss(stock.prepared.graph, list(pick(stock.feeds(), judging)))
    return stock.of_images(making), judge


def _parted(count: int, quality: Quality) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Places of the images to make from, and of those to judge on."""
    places = np.arange(count)
    judging = places[KEPT_OUT // 2 :: KEPT_OUT]
    judging = judging[:: -(-len(judging) // MOST_JUDGES[quality])]
    return np.setdiff1d(places, judging), judging


def _asked(recipe: Recipe) -> QuantSettings:
    """What the recipe demands; open questions answered the cautious way."""
    return QuantSettings(
        widening=0.0 if recipe.ranges == "mean-min-max" else 1.0,
        equalized=recipe.equalization == "on" and recipe.precision == "int8",
        rounded=recipe.weight_rounding == "on",
    )


def _is_open(recipe: Recipe) -> bool:
    """Whether anything is left to be measured."""
    return (
        recipe.ranges == "auto"
        or (recipe.equalization == "auto" and may_equalize(recipe))
        or (recipe.weight_rounding == "auto" and may_round(recipe))
    )


def _search(
    stock: CalibratedModel, recipe: Recipe, judge: HeldOutLoss, start: QuantSettings
) -> tuple[QuantSettings, list[StepTrial]]:
    """The best ranges found, equalized or not, and all that were tried.

    They are judged after a correction from statistics alone, which takes a tenth of a second.
    """

    def loss_of(choice: QuantSettings) -> float:
        made = make(stock, recipe, choice, rough=True)
        return judge.loss(made.graph, made.position)

    if recipe.ranges == "auto":
        choices = [replace(start, widening=w) for w in WIDENINGS[recipe.quality]]
    else:
        choices = [start]
    losses = [loss_of(one) for one in choices]
    best = int(np.argmin(losses))
    choice = choices[best]
    tried = [
        StepTrial(step=str(one), loss=loss, kept=at == best)
        for at, (one, loss) in enumerate(zip(choices, losses, strict=True))
    ]
    found = equalizable_pairs(stock.prepared.graph)
    pairs = any(pair.producer in stock.integer[0] for pair in found)
    if recipe.equalization == "auto" and may_equalize(recipe) and pairs:
        candidate = replace(choice, equalized=True)
        loss = loss_of(candidate)
        kept = loss < WORTH * losses[best]
        tried.append(StepTrial(step=str(candidate), loss=loss, kept=kept))
        choice = candidate if kept else choice
    return choice, tried


def _rounded_or_not(
    stock: CalibratedModel,
    recipe: Recipe,
    judge: HeldOutLoss,
    choice: QuantSettings,
    progress: Progress,
) -> tuple[QuantizedGraph, list[StepTrial]]:
    """The better of `choice` with its weights rounded by output and without; both as tried.

    Both need the layers one by one, and go through them side by side. Ranges are those of all
    images, so that what is judged can be what is kept.
    """
    making, _ = _parted(stock.statistics.count, recipe.quality)
    trial = replace(stock, corrected_on=making)
    with ThreadPoolExecutor(1) as beside:
        # The quicker one beside: Ctrl-C meets the other, and waits for this one only.
        corrected = beside.submit(make, trial, recipe, choice)
        rounded = make(trial, recipe, replace(choice, rounded=True), progress=progress)
        plain = corrected.result()
    before, after = (judge.loss(made.graph, made.position) for made in (plain, rounded))
    kept = after < WORTH * before
    tried = [
        StepTrial(step=f"{choice}, layer by layer", loss=before, kept=True),
        StepTrial(step=str(rounded.choice), loss=after, kept=kept),
    ]
    return rounded if kept else plain, tried
