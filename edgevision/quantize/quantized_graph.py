"""One integer graph of a calibrated model, and the steps that it is made with."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from edgevision.progress import Progress, silent
from edgevision.quantize.assign.design import IntegerDesign, design
from edgevision.quantize.calibrate.calibrated_model import CalibratedModel, StepTrial, pick
from edgevision.quantize.calibrate.prepare import as_integers
from edgevision.quantize.correct.refine import correct_layers, estimate_layers
from edgevision.quantize.lower.integer_graph import lower
from edgevision.quantize.step import Kind, LayerStep, RangeStep, Step, TransformStep
from edgevision.recipe.recipe import Recipe
from edgevision.tflite.arithmetic import precision_of
from edgevision.tflite.graph import Graph
from edgevision.tflite.read import read_model
from edgevision.tflite.serialize import serialize


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantSettings:
    """What one integer graph is made with."""

    widening: float = 1.0
    """See `TensorRanges`."""
    steps: tuple[Step, ...] = ()
    """Those that are on, in their order."""

    def __str__(self) -> str:
        labels = [step.label for step in self.steps if step.label]
        return ", ".join([f"ranges {self.widening:g} of the way to min-max", *labels])

    def of_kind(self, kind: type[Kind]) -> tuple[Kind, ...]:
        """The steps of one kind."""
        return tuple(step for step in self.steps if isinstance(step, kind))

    def with_step(self, step: Step, table: Sequence[Step]) -> "QuantSettings":
        """The same and `step`, at its place in the order of `table`."""
        return replace(self, steps=tuple(s for s in table if s in self.steps or s is step))

    def without_slow(self) -> "QuantSettings":
        """The same without what takes long."""
        steps = (s for s in self.steps if not (isinstance(s, LayerStep) and s.is_slow))
        return replace(self, steps=tuple(steps))


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantizedGraph:
    """A finished integer graph."""

    graph: Graph
    """Its operators have the ids of those of the float graph of `design`."""
    design: IntegerDesign
    settings: QuantSettings
    trials: tuple[StepTrial, ...] = ()

    @property
    def computes_in_integers(self) -> bool:
        """Whether any multiply-adds are left to integers: without, it is a float file."""
        return precision_of(read_model(serialize(self.graph))) != "float32"


def make(
    model: CalibratedModel,
    recipe: Recipe,
    settings: QuantSettings,
    *,
    rough: bool = False,
    progress: Progress = silent,
) -> QuantizedGraph:
    """The integer graph of `settings`; layers of a `rough` one are corrected by estimates."""
    for transform in settings.of_kind(TransformStep):
        model = transform.apply(model)
    statistics, steps = model.statistics, settings.of_kind(LayerStep)
    decided = design(
        model.prepared,
        statistics,
        recipe,
        model.integer,
        steps=settings.of_kind(RangeStep),
        widening=settings.widening,
    )
    lowered = lower(decided.graph, decided.plan)
    if rough:
        corrected = estimate_layers(decided.graph, lowered, statistics, steps=steps)
    else:
        given = model.feeds()
        if model.corrected_on is not None:
            statistics = statistics.of_images(model.corrected_on)
            given = pick(given, model.corrected_on)
        corrected = correct_layers(
            decided.graph,
            lowered,
            statistics,
            (as_integers(lowered, feed) for feed in given),
            steps=steps,
            seed=recipe.seed,
            progress=progress,
        )
    return QuantizedGraph(graph=corrected, design=decided, settings=settings)
