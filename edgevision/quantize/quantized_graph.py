"""Making one integer graph: what every making starts from, the steps of one, and the graph."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from edgevision.progress import Progress, silent
from edgevision.quantize.assign.design import IntegerDesign, IntegerPart, design
from edgevision.quantize.calibrate.prepare import Prepared, as_integers
from edgevision.quantize.calibrate.statistics import Feed, Statistics
from edgevision.quantize.correct.refine import correct_for_weights, correct_layers
from edgevision.quantize.lower.integer_graph import lower
from edgevision.quantize.transforms.equalization import equalize
from edgevision.recipe.recipe import Recipe
from edgevision.tflite.arithmetic import precision_of
from edgevision.tflite.graph import Graph
from edgevision.tflite.serialize import serialize
from edgevision.tflite.view import read_model

Feeds = Callable[[], Iterable[Feed]]


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantSettings:
    """The steps of one making."""

    widening: float = 1.0
    equalized: bool = False
    rounded: bool = False

    def __str__(self) -> str:
        steps = ["equalized"] * self.equalized + ["weights rounded by output"] * self.rounded
        return ", ".join([f"ranges {self.widening:g} of the way to min-max", *steps])


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTrial:
    """One choice, and how far its answers were off on the images kept out."""

    step: str
    loss: float
    kept: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantizedGraph:
    """A finished integer graph."""

    graph: Graph
    position: tuple[int, ...]
    design: IntegerDesign
    choice: QuantSettings
    tried: tuple[StepTrial, ...] = ()

    @property
    def computes_in_integers(self) -> bool:
        """Whether any multiply-adds are left to integers: without, it is a float file."""
        return precision_of(read_model(serialize(self.graph))) != "float32"


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibratedModel:
    """What every making starts from."""

    prepared: Prepared
    statistics: Statistics
    integer: IntegerPart
    feeds: Feeds
    """The images of `statistics`, in their order."""
    corrected_on: NDArray[np.int64] | None = None
    """Which of the images layers are corrected on; None for all."""
    tried: tuple[StepTrial, ...] = ()
    """What was decided on the way here."""

    def of_images(self, chosen: NDArray[np.int64]) -> "CalibratedModel":
        """The same with some of the images."""
        return replace(
            self,
            statistics=self.statistics.of_images(chosen),
            feeds=lambda: pick(self.feeds(), chosen),
        )


def make(
    stock: CalibratedModel,
    recipe: Recipe,
    choice: QuantSettings,
    *,
    rough: bool = False,
    progress: Progress = silent,
) -> QuantizedGraph:
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
        return QuantizedGraph(
            graph=refined, position=lowered.position, design=decided, choice=choice
        )
    given: Iterable[Feed] = stock.feeds()
    if stock.corrected_on is not None:
        statistics = statistics.of_images(stock.corrected_on)
        given = pick(given, stock.corrected_on)
    refined = correct_layers(
        decided.graph,
        lowered,
        statistics,
        (as_integers(lowered.graph, feed) for feed in given),
        rounding=choice.rounded,
        biases=recipe.bias_correction,
        seed=recipe.seed,
        progress=progress,
    )
    return QuantizedGraph(graph=refined, position=lowered.position, design=decided, choice=choice)


def pick(feeds: Iterable[Feed], chosen: NDArray[np.int64]) -> Iterator[Feed]:
    """Those of `feeds` at the places `chosen`, in their order."""
    wanted = set(chosen.tolist())
    last = max(wanted, default=-1)
    for at, feed in enumerate(islice(feeds, last + 1)):
        if at in wanted:
            yield feed
