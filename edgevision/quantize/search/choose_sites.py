"""Choosing the sites of a rewrite that costs an operator: those that bring more than they cost.

Each costs every run of the model an operator, from half a per cent of its time behind a late swish
to a tenth behind the first wide one. What it brings is measured, what it costs is estimated.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace

from edgevision.progress import Progress, silent
from edgevision.quantize.calibrate.calibrated_model import CalibratedModel, StepTrial
from edgevision.quantize.quantized_graph import make
from edgevision.quantize.search.choose_steps import (
    LEAST_IMAGES,
    scope_of,
    settings_on,
    split_held_out,
    widenings,
)
from edgevision.quantize.step import SiteStep, Step, TransformStep
from edgevision.quantize.steps import STEPS
from edgevision.recipe.recipe import Recipe
from edgevision.tflite.facts import facts_of
from edgevision.tflite.layer_names import layer_names
from edgevision.tflite.read import read_model
from edgevision.tflite.serialize import serialize

logger = logging.getLogger(__name__)

TOGETHER = 0.85
"""All sites must bring the loss below this share of what it was, or none is looked at: over a dozen
tries some seem better by chance."""

WORTH = 0.97
"""A site must bring the loss below this share of what it was, were it free: less is chance."""

PRICE = 2.0
"""And lower it by another 2 per cent for each per cent of the model's time."""

ELEMENT = 35
"""Multiply-adds that take as long as multiplying one element by a constant: EfficientNet-B0 at 96
pixels, int8, one thread of x86-64 (0.55 ns and 16 ps). An estimate will do: the loss is halved, or
it hardly changes."""


def choose_sites(
    model: CalibratedModel,
    recipe: Recipe,
    *,
    steps: Sequence[Step] = STEPS,
    progress: Progress = silent,
) -> CalibratedModel:
    """`model` with each `SiteStep` done where it is worth it, or wherever it can be if it is on."""
    for step in steps:
        if not isinstance(step, SiteStep):
            continue
        switch = step.switch(scope_of(model, recipe))
        if switch == "on":
            model = _everywhere(model, step)
        if switch == "auto" and model.statistics.count >= LEAST_IMAGES:
            model = _where_worth_it(model, recipe, step, steps, progress)
    return model


def _where_worth_it(
    model: CalibratedModel,
    recipe: Recipe,
    step: SiteStep,
    steps: Sequence[Step],
    progress: Progress,
) -> CalibratedModel:
    """Each site in the network's order is tried on top of those kept, measured on held-out images.

    Layers are corrected by estimates. None is looked at where all of them together bring little.
    """
    sites = step.sites(model)
    fitted, held_out = split_held_out(model, recipe.quality)
    # Rewrites of the whole model come later, on top of this one.
    on = settings_on(steps, scope_of(model, recipe))
    on = replace(on, steps=tuple(s for s in on.steps if not isinstance(s, TransformStep)))

    def loss_of(candidate: CalibratedModel, widening: float) -> float:
        settings = replace(on, widening=widening)
        return held_out.of(make(candidate, recipe, settings, rough=True))

    plain = {one: loss_of(fitted, one) for one in widenings(recipe)}
    everywhere = _everywhere(fitted, step)
    every = {one: loss_of(everywhere, one) for one in plain}
    if min(every.values()) >= TOGETHER * min(plain.values()):
        return model
    # One loud channel wants other ranges than many that are equal.
    widening = min(every, key=lambda one: every[one])
    least, trials = plain[widening], []
    file = read_model(serialize(model.graph))
    work, layers = max(1, facts_of(file).multiply_adds), layer_names(file)
    chosen, producers = model, model.graph.producers()
    for number, site in enumerate(sites, 1):
        candidate = step.apply(fitted, site.tensor)
        loss = loss_of(candidate, widening)
        name = layers[producers[site.tensor]] or model.graph.tensors[site.tensor].name
        kept = loss < (WORTH - PRICE * ELEMENT * site.elements / work) * least
        trials.append(StepTrial(step=f"{step.label} {name}", loss=loss, kept=kept))
        if kept:
            fitted, least, chosen = candidate, loss, step.apply(chosen, site.tensor)
        progress(number, len(sites), "equalizing")
    for line in trials:
        logger.debug("%s: loss %.5f%s", line.step, line.loss, ", kept" if line.kept else "")
    return replace(chosen, trials=(*model.trials, *(line for line in trials if line.kept)))


def _everywhere(model: CalibratedModel, step: SiteStep) -> CalibratedModel:
    for site in step.sites(model):
        model = step.apply(model, site.tensor)
    return model
