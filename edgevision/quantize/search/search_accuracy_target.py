"""Meeting an accuracy target: the cheapest set of operators left in float that reaches it.

int8 throughout comes first. Where that is not enough, runs of operators go back to float: from the
front, from the back, or wherever they hurt most. Scattered float operators cost conversions: what a
set costs is timed on the device, or estimated from the file where none was named. Within each
way the smallest part that meets the target is found by doubling, then bisection.
"""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.progress import Progress, silent
from edgevision.quantize.assign.integer_part import integer_part
from edgevision.quantize.calibrate.calibrated_model import CalibratedModel
from edgevision.quantize.correct.one_thread import one_thread_each
from edgevision.quantize.quantize import finished
from edgevision.quantize.quantized_graph import QuantizedGraph, QuantSettings, make
from edgevision.quantize.search.accuracy_target import (
    AccuracyTarget,
    TargetMeasurement,
    TargetSearch,
    TargetTrial,
)
from edgevision.quantize.search.choose_steps import choose_steps, split_held_out
from edgevision.quantize.search.estimated_cost import estimated_work
from edgevision.quantize.search.mixed_precision import Timer
from edgevision.quantize.step import Step
from edgevision.quantize.steps import STEPS
from edgevision.recipe.recipe import Recipe
from edgevision.tflite.graph import OperatorId
from edgevision.tflite.serialize import serialize

PARTS = 20
"""Runs of operators that are moved as one: each costs a try."""

TRY_IMAGES = 32
"""Calibration images a try's biases are corrected on; the winner gets all."""


Measure = Callable[[bytes, ImagePreprocessing], TargetMeasurement]


@one_thread_each()
def search_accuracy_target(
    model: CalibratedModel,
    recipe: Recipe,
    goal: AccuracyTarget,
    *,
    measure: Measure,
    steps: Sequence[Step] = STEPS,
    timer: Timer | None = None,
    progress: Progress = silent,
    clock: Callable[[], float] = time.perf_counter,
) -> TargetSearch:
    """The cheapest integer file of `model` that meets `goal`.

    Args:
        model: what was measured on the float model.
        recipe: of the integer operators.
        goal: what must hold.
        measure: runs a file on the evaluation images, and says how good it is.
        steps: the algorithms of the quantizer, in their order.
        timer: times files on the device; None: `estimated_work` ranks them, the same anywhere.
        progress: told how many tries were made.
        clock: seconds.
    """
    begun = clock()
    search = _TargetTrials(model, recipe, goal, measure, progress)
    whole = choose_steps(model, recipe, steps=steps)
    trial = search.note("int8 throughout", whole, 0)
    if trial.met:
        quantized = finished(whole, model, recipe, steps=steps, seconds=clock() - begun)
        return TargetSearch(model=quantized, met=True, trials=tuple(search.trials), hurting=())
    graph = model.graph
    parts = divided([op.id for op in graph.operators if op.id in model.integer.operators], PARTS)
    gains = search.gains(parts, whole.settings)
    finalists: dict[str, tuple[frozenset[OperatorId], QuantizedGraph]] = {}
    for name, order in _ways(gains).items():
        found = search.smallest(name, parts, order, whole.settings)
        if found is not None:
            finalists[name] = found
    ranked = [parts[at] for at in np.argsort(-np.asarray(gains), kind="stable")[:3]]
    hurting = tuple(graph.tensors[graph.operator(run[0]).outputs[0]].name for run in ranked)
    best = search.best
    if finalists:
        files = {name: serialize(made.graph) for name, (_, made) in finalists.items()}
        if timer is None:
            costs: Mapping[str, float] = {
                name: estimated_work(content) for name, content in files.items()
            }
        else:
            costs = timer(files)
            search.with_progress(costs)
        name = min(finalists, key=lambda name: costs[name])
        left, best = finalists[name]
        polished = search.final(left, whole.settings)
        if search.note(f"{name}: corrected on all images", polished, len(left)).met:
            best = polished
    quantized = finished(best, model, recipe, steps=steps, seconds=clock() - begun)
    met = bool(finalists)
    return TargetSearch(model=quantized, met=met, trials=tuple(search.trials), hurting=hurting)


def divided(operators: Sequence[OperatorId], parts: int) -> list[tuple[OperatorId, ...]]:
    """`operators` in at most `parts` runs of nearly equal length, in order.

    >>> divided([3, 4, 7], 2)
    [(3, 4), (7,)]
    """
    return [tuple(int(i) for i in run) for run in np.array_split(operators, parts) if len(run)]


def _ways(gains: Sequence[float]) -> dict[str, list[int]]:
    """Orders in which parts go back to float."""
    count = len(gains)
    return {
        "first layers in float": list(range(count)),
        "last layers in float": list(reversed(range(count))),
        "worst layers in float": [int(i) for i in np.argsort(-np.asarray(gains), kind="stable")],
    }


class _TargetTrials:
    """The tries made so far."""

    def __init__(
        self,
        model: CalibratedModel,
        recipe: Recipe,
        goal: AccuracyTarget,
        measure: Measure,
        progress: Progress,
    ) -> None:
        self.model, self.recipe, self.goal, self.measure = model, recipe, goal, measure
        self.progress = progress
        self.trials: list[TargetTrial] = []
        self.best: QuantizedGraph
        """The most accurate of what was noted; of equals the first, with the fewest in float."""
        self._most = -math.inf
        count = min(TRY_IMAGES, model.statistics.count)
        self.few = model.of_images(np.arange(count))

    def note(self, name: str, made: QuantizedGraph, left: int) -> TargetTrial:
        """Measure a file and remember it."""
        content = serialize(made.graph)
        measured = self.measure(content, self.model.prepared.preprocessing)
        trial = TargetTrial(
            name=name,
            float_operators=left,
            measured=measured,
            met=self.goal.is_met(measured.value),
            size_bytes=len(content),
        )
        self.trials.append(trial)
        if (merit := self.goal.merit(measured.value)) > self._most:
            self.best, self._most = made, merit
        self.progress(len(self.trials), len(self.trials) + 1, "searching")
        return trial

    def with_progress(self, times: Mapping[str, float]) -> None:
        """Write the finalists' times beside their last trial."""
        for name, median_ms in times.items():
            at = max(i for i, t in enumerate(self.trials) if t.name.startswith(name) and t.met)
            self.trials[at] = replace(self.trials[at], median_ms=median_ms)

    def mixed(self, model: CalibratedModel, left: frozenset[OperatorId]) -> CalibratedModel:
        """`model` with the operators `left` in float."""
        reason = dict.fromkeys(left, "left in float to meet the accuracy target")
        reasons = {**model.integer.reasons, **reason}
        return replace(model, integer=integer_part(model.graph, self.recipe, reasons))

    def gains(
        self, parts: Sequence[tuple[OperatorId, ...]], settings: QuantSettings
    ) -> list[float]:
        """How much each part alone in float lowers the loss on held-out images."""
        fitted, loss = split_held_out(self.few, "balanced")
        made = make(fitted, self.recipe, settings, rough=True)
        whole = loss.of(made)
        gains = []
        for part in parts:
            mixed = self.mixed(fitted, frozenset(part))
            made = make(mixed, self.recipe, settings, rough=True)
            gains.append(whole - loss.of(made))
        return gains

    def smallest(
        self,
        name: str,
        parts: Sequence[tuple[OperatorId, ...]],
        order: Sequence[int],
        settings: QuantSettings,
    ) -> tuple[frozenset[OperatorId], QuantizedGraph] | None:
        """The fewest parts, taken in `order`, whose float meets the goal; None if none do."""
        quick = settings.without_slow()
        low, high, middle = 0, len(order), 1
        found: tuple[frozenset[OperatorId], QuantizedGraph] | None = None
        # Nothing is known of `high` (all but nothing in float), so it is never returned untried.
        while low < middle < high:
            left = frozenset(one for part in order[:middle] for one in parts[part])
            made = make(self.mixed(self.few, left), self.recipe, quick)
            if not made.computes_in_integers:
                high = middle
            elif self.note(f"{name}: {middle} of {len(parts)} parts", made, len(left)).met:
                high, found = middle, (left, made)
            else:
                low = middle
            # What is measured on some images does not rise steadily, so the cheap end comes first.
            middle = min(2 * low, (low + high) // 2) if found is None else (low + high) // 2
        return found

    def final(self, left: frozenset[OperatorId], settings: QuantSettings) -> QuantizedGraph:
        """The file with `left` in float, made with all steps and images."""
        return make(self.mixed(self.model, left), self.recipe, settings)
