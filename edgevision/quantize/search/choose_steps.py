"""Choosing steps by measuring: what does not help on held-out images is not done."""

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from edgevision.progress import Progress, silent
from edgevision.quantize.calibrate.calibrated_model import CalibratedModel, StepTrial, pick
from edgevision.quantize.calibrate.ranges import RANGES
from edgevision.quantize.correct.refine import MOST_IMAGES
from edgevision.quantize.quantized_graph import QuantizedGraph, QuantSettings, make
from edgevision.quantize.search.held_out_loss import HeldOutLoss
from edgevision.quantize.step import (
    LayerStep,
    RangeStep,
    Scope,
    Step,
    TransformStep,
    steps_on,
    steps_open,
)
from edgevision.quantize.steps import STEPS
from edgevision.recipe.recipe import Quality, Recipe

logger = logging.getLogger(__name__)

HELD_OUT = 4
"""Every so many images one is held out, to measure the loss on."""

MOST_HELD_OUT: dict[Quality, int] = {"fast": 16, "balanced": 32, "best": 64}
"""Images held out at most: each set of steps is run on all of them."""

LEAST_IMAGES = 8
"""With fewer, none can be spared to measure on: min-max ranges, and no step that is measured."""

WORTH = 0.99
"""A step must bring the loss below this share of what it was: it costs time, and less is chance."""

WIDENINGS: dict[Quality, tuple[float, ...]] = {
    "fast": (0.0, 0.3, 1.0),
    "balanced": (0.0, 0.3, 1.0),
    "best": (0.0, 0.1, 0.3, 0.6, 1.0),
}
"""Ranges tried between typical and extreme ones; see `ranges.observed_ranges`."""


def scope_of(model: CalibratedModel, recipe: Recipe) -> Scope:
    """What steps are asked about `model`."""
    return Scope(graph=model.graph, integer=model.integer.operators, recipe=recipe)


def choose_steps(
    model: CalibratedModel,
    recipe: Recipe,
    *,
    steps: Sequence[Step] = STEPS,
    progress: Progress = silent,
) -> QuantizedGraph:
    """The integer graph of those steps that measure best.

    Steps are chosen on three quarters of the images and measured on the rest; the graph is then
    made of all images.

    Args:
        model: the float model, observed.
        recipe: which steps are on, off, or to be measured.
        steps: all there are, in their order.
        progress: told how far the correction of layers is.
    """
    scope = scope_of(model, recipe)
    settings, made = settings_on(steps, scope), None
    rough = [*steps_open(steps, TransformStep, scope), *steps_open(steps, RangeStep, scope)]
    slow = steps_open(steps, LayerStep, scope)
    trials: list[StepTrial] = []
    if model.statistics.count >= LEAST_IMAGES and (rough or slow):
        fitted, loss = split_held_out(model, recipe.quality)
        search = _StepTrials(recipe, loss, steps)
        settings = search.roughly(fitted, settings)
        if slow:
            made = search.by_layer(model, settings, slow, progress)
            settings = made.settings
            if fitted.statistics.count < MOST_IMAGES:
                # More images would have made it better.
                made = None
        trials = search.trials
    for line in trials:
        logger.debug("%s: loss %.5f%s", line.step, line.loss, ", kept" if line.kept else "")
    if made is None:
        made = make(model, recipe, settings, progress=progress)
    return replace(made, trials=tuple(trials))


def settings_on(steps: Sequence[Step], scope: Scope) -> QuantSettings:
    """What the recipe demands, with nothing that is to be measured; ranges are never narrowed."""
    chosen: list[Step] = [
        *steps_on(steps, TransformStep, scope),
        *steps_on(steps, RangeStep, scope),
        *steps_on(steps, LayerStep, scope),
    ]
    on = QuantSettings(widening=0.0 if RANGES in chosen else 1.0)
    return replace(on, steps=tuple(step for step in steps if step in chosen or step is RANGES))


def widenings(recipe: Recipe) -> tuple[float, ...]:
    """How far ranges are to be widened under `recipe`: one number, or those to be tried."""
    switch = recipe.switch(RANGES.name)
    return WIDENINGS[recipe.quality] if switch == "auto" else (0.0 if switch == "on" else 1.0,)


def split_held_out(model: CalibratedModel, quality: Quality) -> tuple[CalibratedModel, HeldOutLoss]:
    """Most of the images to make from, and the loss on the rest."""
    fitted, held_out = _parted(model.statistics.count, quality)
    loss = HeldOutLoss(model.graph, list(pick(model.feeds(), held_out)), model.losses)
    return model.of_images(fitted), loss


def _parted(count: int, quality: Quality) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Places of the images to make from, and of those to measure on."""
    places = np.arange(count)
    held_out = places[HELD_OUT // 2 :: HELD_OUT]
    held_out = held_out[:: -(-len(held_out) // MOST_HELD_OUT[quality])]
    return np.setdiff1d(places, held_out), held_out


class _StepTrials:
    """The trials made so far, and what they are made with."""

    def __init__(self, recipe: Recipe, loss: HeldOutLoss, steps: Sequence[Step]) -> None:
        self.recipe, self.loss, self.steps = recipe, loss, steps
        self.trials: list[StepTrial] = []

    def note(self, step: str, loss: float, *, kept: bool) -> bool:
        """`kept`, once it is written down."""
        self.trials.append(StepTrial(step=step, loss=loss, kept=kept))
        return kept

    def roughly(self, model: CalibratedModel, start: QuantSettings) -> QuantSettings:
        """The best ranges found, and on top of them the rewrites and range steps that help.

        They are measured after a correction by estimates, which takes a tenth of a second.
        """

        def loss_of(settings: QuantSettings) -> float:
            return self.loss.of(make(model, self.recipe, settings, rough=True))

        choices = [replace(start, widening=w) for w in widenings(self.recipe)]
        losses = [loss_of(one) for one in choices]
        best = int(np.argmin(losses))
        for at, (one, loss) in enumerate(zip(choices, losses, strict=True)):
            self.note(str(one), loss, kept=at == best)
        settings, least = choices[best], losses[best]
        scope = scope_of(model, self.recipe)
        for step in self.steps:
            is_rough = isinstance(step, TransformStep | RangeStep) and step is not RANGES
            if not is_rough or step.switch(scope) != "auto":
                continue
            candidate = settings.with_step(step, self.steps)
            loss = loss_of(candidate)
            if self.note(str(candidate), loss, kept=loss < WORTH * least):
                settings, least = candidate, loss
        return settings

    def by_layer(
        self,
        model: CalibratedModel,
        settings: QuantSettings,
        candidates: Sequence[LayerStep],
        progress: Progress,
    ) -> QuantizedGraph:
        """The graph of `settings` and those `candidates` that help, in their order; as tried.

        All need the layers one by one; the plain one goes through them beside the first candidate.
        Ranges are those of all images, so that what is measured can be what is kept.
        """
        fitted, _ = _parted(model.statistics.count, self.recipe.quality)
        trial, (first, *others) = replace(model, corrected_on=fitted), candidates

        def with_step(settings: QuantSettings, step: Step) -> QuantizedGraph:
            candidate = settings.with_step(step, self.steps)
            return make(trial, self.recipe, candidate, progress=progress)

        with ThreadPoolExecutor(1) as beside:
            # The quicker one beside: Ctrl-C meets the other, and waits for this one only.
            plain = beside.submit(make, trial, self.recipe, settings)
            candidate = with_step(settings, first)
            made = plain.result()
        least = self.loss.of(made)
        self.note(f"{settings}, layer by layer", least, kept=True)
        for following in (*others, None):
            loss = self.loss.of(candidate)
            if self.note(str(candidate.settings), loss, kept=loss < WORTH * least):
                made, least = candidate, loss
            if following is not None:
                candidate = with_step(made.settings, following)
        return made
