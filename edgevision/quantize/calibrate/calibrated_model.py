"""The calibrated model: what every integer graph of one float model is made from."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from edgevision.quantize.assign.integer_part import IntegerPart
from edgevision.quantize.calibrate.prepared import Prepared
from edgevision.quantize.calibrate.statistics import Feed, Statistics
from edgevision.tasks.loss import OutputLoss
from edgevision.tflite.graph import Graph

Feeds = Callable[[], Iterable[Feed]]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTrial:
    """One set of steps, and how far its answers were off on the images kept out."""

    step: str
    loss: float
    kept: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibratedModel:
    """A float model, the statistics of its activations, and what will run in integers."""

    prepared: Prepared
    statistics: Statistics
    integer: IntegerPart
    feeds: Feeds
    """The images of `statistics`, in their order."""
    losses: tuple[OutputLoss, ...] | None = None
    """How the error of answers is measured; None: as their form suggests."""
    corrected_on: NDArray[np.int64] | None = None
    """Which of the images layers are corrected on; None for all."""
    trials: tuple[StepTrial, ...] = ()
    """What was decided on the way here."""

    @property
    def graph(self) -> Graph:
        """The float graph."""
        return self.prepared.graph

    def of_images(self, chosen: NDArray[np.int64]) -> "CalibratedModel":
        """The same with some of the images."""
        return replace(
            self,
            statistics=self.statistics.of_images(chosen),
            feeds=lambda: pick(self.feeds(), chosen),
        )


def pick(feeds: Iterable[Feed], chosen: NDArray[np.int64]) -> Iterator[Feed]:
    """Those of `feeds` at the places `chosen`, in their order."""
    wanted = set(chosen.tolist())
    last = max(wanted, default=-1)
    for at, feed in enumerate(islice(feeds, last + 1)):
        if at in wanted:
            yield feed
