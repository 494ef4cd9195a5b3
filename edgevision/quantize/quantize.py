"""`quantize`: a float `.tflite` and calibration images in, a smaller `.tflite` out.

No TensorFlow: the float model runs in LiteRT, and the integer file is written from its graph.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.progress import Progress, silent
from edgevision.quantize.assign.affine import Range
from edgevision.quantize.assign.integer_part import FloatOperator
from edgevision.quantize.calibrate.calibrated_model import CalibratedModel, StepTrial
from edgevision.quantize.calibrate.prepare import Images
from edgevision.quantize.calibration import calibrated_model, read_float
from edgevision.quantize.correct.one_thread import one_thread_each
from edgevision.quantize.correct.refine import left_out_layers
from edgevision.quantize.lower.weights_only import to_dynamic, to_fp16
from edgevision.quantize.quantized_graph import QuantizedGraph
from edgevision.quantize.search.choose_steps import LEAST_IMAGES, choose_steps, scope_of
from edgevision.quantize.search.mixed_precision import HERE, LatencyVerdict, Timer, never_slower
from edgevision.quantize.step import (
    LayerStep,
    Step,
)
from edgevision.quantize.steps import STEPS, check_switches
from edgevision.recipe.recipe import Recipe
from edgevision.runtime.session import Session
from edgevision.tasks.loss import OutputLoss
from edgevision.tflite.layer_names import layer_names
from edgevision.tflite.read import read_content, read_model
from edgevision.tflite.serialize import serialize

__all__ = ["Images", "QuantizedModel", "quantize"]


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantizedModel:
    """A quantized `.tflite`, and what was decided on the way."""

    content: bytes
    preprocessing: ImagePreprocessing
    """Preprocessing of this file: with integer input, what its scale and zero point say. The
    remainder of the model's normalization, if any, is inside the graph."""
    recipe: Recipe
    skipped: tuple[FloatOperator, ...] = ()
    """Operators left in float, with the reason."""
    ranges: Mapping[str, Range] = field(default_factory=dict)
    """Tensor name -> real values its integers represent."""
    steps: tuple[StepTrial, ...] = ()
    """What was tried and measured on held-out images, in order."""
    images: int = 0
    """Calibration images seen."""
    warnings: tuple[str, ...] = ()
    verdict: LatencyVerdict | None = None
    """How fast it is beside the float model; None when that was not timed."""
    seconds: float = 0.0


@one_thread_each()
def quantize(
    float_model: Path | bytes,
    *,
    preprocessing: ImagePreprocessing,
    images: Images | None,
    recipe: Recipe,
    total: int | None = None,
    losses: Sequence[OutputLoss] | None = None,
    steps: Sequence[Step] = STEPS,
    timer: Timer | None = None,
    target: str = HERE,
    threads: int = 1,
    progress: Progress = silent,
    clock: Callable[[], float] = time.perf_counter,
) -> QuantizedModel:
    """The model that `recipe` makes of `float_model`.

    Args:
        float_model: path or bytes of a float32 `.tflite`.
        preprocessing: preprocessing of the float model.
        images: calibration pixels in the size and colour order of `preprocessing`; None only for
            precisions that need none (dynamic, fp16).
        recipe: what to make.
        total: number of images, for the progress bar.
        losses: how the error of each output is measured where steps are chosen; None: by a
            divergence where it is a softmax's, by the share of noise elsewhere.
        steps: the algorithms, in their order; the recipe switches them by name.
        timer: times files on `target`; with one, int8 operators that are slower than float
            ones are left in float where that is faster as a whole. None: nothing is timed.
        target: where `timer` times, "local" for this machine: what the verdict says.
        threads: that `timer` times files with; single operators are timed with as many.
        progress: told how far the observation is.
        clock: seconds.

    Example:
        `quantize(Path("float32.tflite"), preprocessing=..., images=photos, recipe=Recipe())`, where
        `photos()` yields (height, width, 3) uint8 pixels; the file is the result's `content`.

    Raises:
        UsageError: the recipe switches a step that is not among `steps`.
        ModelError: the model is damaged, already quantized, or does not fit `preprocessing`.
        ImageSetError: there are no images, or one gives a NaN or infinite activation.
    """
    begun = clock()
    check_switches(recipe, steps)
    graph = read_float(float_model)
    if recipe.precision in {"fp16", "dynamic"}:
        smaller = to_fp16(graph) if recipe.precision == "fp16" else to_dynamic(graph)
        written = serialize(smaller)
        with Session(written):
            pass
        return QuantizedModel(
            content=written, preprocessing=preprocessing, recipe=recipe, seconds=clock() - begun
        )
    model = calibrated_model(
        graph,
        preprocessing=preprocessing,
        images=images,
        recipe=recipe,
        total=total,
        losses=losses,
        steps=steps,
        progress=progress,
    )
    made = choose_steps(model, recipe, steps=steps, progress=progress)
    verdict = None
    if timer is not None and recipe.precision == "int8":
        content = read_content(float_model)
        made, verdict = never_slower(
            model, recipe, made, content, timer=timer, target=target, threads=threads
        )
    return finished(made, model, recipe, steps=steps, seconds=clock() - begun, verdict=verdict)


def finished(
    made: QuantizedGraph,
    model: CalibratedModel,
    recipe: Recipe,
    *,
    steps: Sequence[Step] = STEPS,
    seconds: float,
    verdict: LatencyVerdict | None = None,
) -> QuantizedModel:
    """The file of `made`, and what is to be told about it."""
    count, content = model.statistics.count, serialize(made.graph)
    warnings: tuple[str, ...] = ()
    if count == 1:
        warnings = ("calibrated on a single image: its range is a guess at those of others",)
    for step in steps:
        switch = step.switch(scope_of(model, recipe))
        is_tried = switch == "on" or (switch == "auto" and count >= LEAST_IMAGES)
        if isinstance(step, LayerStep) and is_tried:
            warnings = (*warnings, *_left_out(made, content, step))
    if verdict is not None and verdict.sentence:
        warnings = (*warnings, verdict.sentence)
    return QuantizedModel(
        content=content,
        preprocessing=model.prepared.preprocessing,
        recipe=recipe,
        skipped=made.design.skipped,
        ranges=made.design.ranges,
        steps=(*model.trials, *made.trials),
        images=count,
        warnings=warnings,
        verdict=verdict,
        seconds=seconds,
    )


def _left_out(made: QuantizedGraph, content: bytes, step: LayerStep) -> list[str]:
    """A sentence for each layer of `made`, written as `content`, that `step` cannot take."""
    reasons = left_out_layers(made.design.graph, made.graph, step)
    if not reasons:
        return []
    names, tensors = layer_names(read_model(content)), made.graph.tensors
    return [
        f"{name or tensors[op.outputs[0]].name} {reasons[op.id]}"
        for op, name in zip(made.graph.operators, names, strict=True)
        if op.id in reasons
    ]
