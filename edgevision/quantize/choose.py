"""Choosing among the steps by measuring: what does not help on images kept out is not done."""

import logging
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from edgevision.progress import Progress, silent
from edgevision.quantize.design import Design, IntegerPart, design
from edgevision.quantize.equalize import equalizable_pairs, equalize
from edgevision.quantize.graph import Graph
from edgevision.quantize.judge import Judge
from edgevision.quantize.lower import lower
from edgevision.quantize.observe import Feed, Statistics
from edgevision.quantize.prepare import Prepared, as_integers
from edgevision.quantize.refine import MOST_IMAGES, correct_for_weights, refine
from edgevision.recipe.recipe import Quality, Recipe

logger = logging.getLogger(__name__)

Feeds = Callable[[], Iterable[Feed]]

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The steps of one making."""

    widening: float = 1.0
    equalized: bool = False
    rounded: bool = False

    def __str__(self) -> str:
        steps = ["equalized"] * self.equalized + ["weights rounded by output"] * self.rounded
        return ", ".join([f"ranges {self.widening:g} of the way to min-max", *steps])


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One choice, and how far its answers were off on the images kept out."""

    step: str
    loss: float
    kept: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """A finished integer graph."""

    graph: Graph
    position: tuple[int, ...]
    design: Design
    choice: Choice
    tried: tuple[Tried, ...] = ()


def may_equalize(recipe: Recipe) -> bool:
    """Whether equalization can come up under `recipe`."""
    return recipe.precision == "int8" and recipe.equalization != "off"


def may_round(recipe: Recipe) -> bool:
    """Whether rounding by output can come up under `recipe`."""
    wanted = recipe.weight_rounding == "auto" and recipe.quality != "fast"
    return wanted or recipe.weight_rounding == "on"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """What every making starts from."""

    prepared: Prepared
    statistics: Statistics
    integer: IntegerPart
    feeds: Feeds
    """The images of `statistics`, in their order."""
    corrected_on: NDArray[np.int64] | None = None
    """Which of the images layers are corrected on; None for all."""

    def of_images(self, chosen: NDArray[np.int64]) -> "Stock":
        """The same with some of the images."""
        return replace(
            self,
            statistics=self.statistics.of_images(chosen),
            feeds=lambda: _pick(self.feeds(), chosen),
        )


def make(
    stock: Stock,
    recipe: Recipe,
    choice: Choice,
    *,
    rough: bool = False,
    progress: Progress = silent,
) -> Making:
    """The integer graph of `choice`; a `rough` one has corrections from statistics alone."""
    prepared, statistics = stock.prepared, stock.statistics
    if choice.equalized:
        graph, statistics = equalize(prepared.graph, statistics)
        prepared = replace(prepared, graph=graph)
    decided = design(prepared, statistics, recipe, stock.integer, widening=choice.widening)
    lowered = lower(decided.graph, decided.plan)
    if rough:
        refined = lowered.graph
        if recipe.bias_correction:
            refined = correct_for_weights(decided.graph, lowered, statistics)
        return Making(graph=refined, position=lowered.position, design=decided, choice=choice)
    given: Iterable[Feed] = stock.feeds()
    if stock.corrected_on is not None:
        statistics = statistics.of_images(stock.corrected_on)
        given = _pick(given, stock.corrected_on)
    refined = refine(
        decided.graph,
        lowered,
        statistics,
        (as_integers(lowered.graph, feed) for feed in given),
        rounding=choice.rounded,
        biases=recipe.bias_correction,
        seed=recipe.seed,
        progress=progress,
    )
    return Making(graph=refined, position=lowered.position, design=decided, choice=choice)


def choose_and_make(stock: Stock, recipe: Recipe, *, progress: Progress = silent) -> Making:
    """The integer graph of the choice that measures best.

    Choices are made on three quarters of the images and judged on the rest; the graph is then made
    of all images.
    """
    choice = _asked(recipe)
    tried: list[Tried] = []
    made = None
    if stock.statistics.count >= LEAST_IMAGES and _is_open(recipe):
        making, judge = divide(stock, recipe.quality)
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


def divide(stock: Stock, quality: Quality) -> tuple[Stock, Judge]:
    """Most of the images to make from, and the rest to judge on."""
    making, judging = _parted(stock.statistics.count, quality)
    judge = Judge(stock.prepared.graph, list(_pick(stock.feeds(), judging)))
    return stock.of_images(making), judge


def _parted(count: int, quality: Quality) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Places of the images to make from, and of those to judge on."""
    places = np.arange(count)
    judging = places[KEPT_OUT // 2 :: KEPT_OUT]
    judging = judging[:: -(-len(judging) // MOST_JUDGES[quality])]
    return np.setdiff1d(places, judging), judging


def _asked(recipe: Recipe) -> Choice:
    """What the recipe demands; open questions answered the cautious way."""
    return Choice(
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
    stock: Stock, recipe: Recipe, judge: Judge, start: Choice
) -> tuple[Choice, list[Tried]]:
    """The best ranges found, equalized or not, and all that were tried.

    They are judged after a correction from statistics alone, which takes a tenth of a second.
    """

    def loss_of(choice: Choice) -> float:
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
        Tried(step=str(one), loss=loss, kept=at == best)
        for at, (one, loss) in enumerate(zip(choices, losses, strict=True))
    ]
    found = equalizable_pairs(stock.prepared.graph)
    pairs = any(pair.producer in stock.integer[0] for pair in found)
    if recipe.equalization == "auto" and may_equalize(recipe) and pairs:
        candidate = replace(choice, equalized=True)
        loss = loss_of(candidate)
        kept = loss < WORTH * losses[best]
        tried.append(Tried(step=str(candidate), loss=loss, kept=kept))
        choice = candidate if kept else choice
    return choice, tried


def _rounded_or_not(
    stock: Stock, recipe: Recipe, judge: Judge, choice: Choice, progress: Progress
) -> tuple[Making, list[Tried]]:
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
        Tried(step=f"{choice}, layer by layer", loss=before, kept=True),
        Tried(step=str(rounded.choice), loss=after, kept=kept),
    ]
    return rounded if kept else plain, tried


def _pick(feeds: Iterable[Feed], chosen: NDArray[np.int64]) -> Iterator[Feed]:
    wanted = set(chosen.tolist())
    last = max(wanted, default=-1)
    for at, feed in enumerate(islice(feeds, last + 1)):
        if at in wanted:
            yield feed
