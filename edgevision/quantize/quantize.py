"""`quantize`: a float `.tflite` and calibration images in, a smaller `.tflite` out.

No TensorFlow: the float model runs in LiteRT, and the integer file is written from its graph.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from edgevision.errors import ImageSetError
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.progress import Progress, silent
from edgevision.quantize.assign.design import integer_part
from edgevision.quantize.assign.probe_kernels import probe_kernels
from edgevision.quantize.assign.scales import FloatOperator, Range, tensors_in_integers
from edgevision.quantize.calibrate.prepare import (
    Images,
    Prepared,
    check_float,
    feeds,
    prepare,
)
from edgevision.quantize.calibrate.statistics import Statistics, observe
from edgevision.quantize.correct.mean_inputs import is_followed
from edgevision.quantize.correct.one_thread import one_thread_each
from edgevision.quantize.correct.refine import too_wide_layers
from edgevision.quantize.lower.weights_only import to_dynamic, to_fp16
from edgevision.quantize.quantized_graph import CalibratedModel, QuantizedGraph, StepTrial
from edgevision.quantize.search.choose_steps import choose_steps, may_equalize, tries_rounding
from edgevision.quantize.search.choose_swish_equalization import with_swish_equalization
from edgevision.quantize.search.mixed_precision import HERE, LatencyVerdict, Timer, never_slower
from edgevision.quantize.transforms.equalization import equalizable_pairs
from edgevision.quantize.transforms.fast_operators import with_fast_operators
from edgevision.quantize.transforms.swish_equalization import swish_pairs
from edgevision.recipe.recipe import Recipe
from edgevision.runtime.session import Session
from edgevision.tflite.graph import Graph
from edgevision.tflite.layer_names import layer_names
from edgevision.tflite.parse import parse
from edgevision.tflite.serialize import serialize
from edgevision.tflite.view import read_content, read_model

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
    """What was tried and measured on images kept out, in order."""
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
    timer: Timer | None = None,
    target: str = HERE,
    progress: Progress = silent,
    clock: Callable[[], float] = time.perf_counter,
) -> QuantizedModel:
    """The model that `recipe` makes of `float_model`.

    Args:
        float_model: path or bytes of a float32 `.tflite`.
        preprocessing: preprocessing of the float model.
        images: calibration pixels in the contract's size and colour order; None only for
            precisions that need none (dynamic, fp16).
        recipe: what to make.
        total: number of images, for the progress bar.
        timer: times files on `target`; with one, int8 operators that are slower than float
            ones are left in float where that is faster as a whole. None: nothing is timed.
        target: where `timer` times, "local" for this machine: what the verdict says.
        progress: told how far the observation is.
        clock: seconds.

    Raises:
        ModelError: the model is damaged, already quantized, or does not fit the contract.
        ImageSetError: there are no images, or one gives a NaN or infinite activation.
    """
    begun = clock()
    graph = read_float(float_model)
    if recipe.precision in {"fp16", "dynamic"}:
        smaller = to_fp16(graph) if recipe.precision == "fp16" else to_dynamic(graph)
        written = serialize(smaller)
        with Session(written):
            pass
        return QuantizedModel(
            content=written, preprocessing=preprocessing, recipe=recipe, seconds=clock() - begun
        )
    stock = calibrated_model(
        graph,
        preprocessing=preprocessing,
        images=images,
        recipe=recipe,
        total=total,
        progress=progress,
    )
    made = choose_steps(stock, recipe, progress=progress)
    verdict = None
    if timer is not None and recipe.precision == "int8":
        content = read_content(float_model)
        made, verdict = never_slower(stock, recipe, made, content, timer=timer, target=target)
    return finished(made, stock, recipe, seconds=clock() - begun, verdict=verdict)


def finished(
    made: QuantizedGraph,
    stock: CalibratedModel,
    recipe: Recipe,
    *,
    seconds: float,
    verdict: LatencyVerdict | None = None,
) -> QuantizedModel:
    """The file of `made`, and what is to be told about it."""
    count, content = stock.statistics.count, serialize(made.graph)
    warnings: tuple[str, ...] = ()
    if count == 1:
        warnings = ("calibrated on a single image: its range is a guess at those of others",)
    if tries_rounding(recipe, count):
        warnings = (*warnings, *_rounded_by_themselves(made, content))
    if verdict is not None and verdict.sentence:
        warnings = (*warnings, verdict.sentence)
    return QuantizedModel(
        content=content,
        preprocessing=stock.prepared.preprocessing,
        recipe=recipe,
        skipped=made.design.skipped,
        ranges=made.design.ranges,
        steps=(*stock.tried, *made.tried),
        images=count,
        warnings=warnings,
        verdict=verdict,
        seconds=seconds,
    )


def _rounded_by_themselves(made: QuantizedGraph, content: bytes) -> list[str]:
    """A sentence for each layer of `made`, written as `content`, too wide to round by output."""
    wide = too_wide_layers(made.design.graph, made.graph, made.position)
    if not wide:
        return []
    names, tensors = layer_names(read_model(content)), made.graph.tensors
    return [
        f"{names[place] or tensors[made.graph.operators[place].outputs[0]].name} reads {width:,} "
        "values for each output, too many to round its weights by output: that would fill the "
        "memory, so each weight is rounded by itself"
        for place, width in wide.items()
    ]


def read_float(float_model: Path | bytes) -> Graph:
    """The graph of a float model.

    Raises:
        ModelError: it cannot be read, is damaged or is quantized already.
    """
    graph = parse(read_content(float_model))
    check_float(graph)
    return graph


@one_thread_each()
def calibrated_model(
    graph: Graph,
    *,
    preprocessing: ImagePreprocessing,
    images: Images | None,
    recipe: Recipe,
    total: int | None = None,
    progress: Progress = silent,
) -> CalibratedModel:
    """Everything measured once on the float `graph`; see `quantize` for arguments and errors."""
    if images is None:
        message = f"{recipe.precision} needs calibration images"
        raise ImageSetError(message, hint="edgevision calibration build FOLDER")
    given = images
    if recipe.rewrite and recipe.precision == "int8":
        graph = with_fast_operators(graph)
    prepared = prepare(graph, preprocessing, recipe)
    integer = integer_part(prepared.graph, recipe)
    statistics = observe_images(
        prepared, integer[0], given, recipe=recipe, total=total, progress=progress
    )
    stock = CalibratedModel(
        prepared=prepared,
        statistics=statistics,
        integer=probe_kernels(prepared, statistics, recipe, integer),
        feeds=lambda: feeds(prepared, given),
    )
    return with_swish_equalization(stock, recipe, progress=progress)


def observe_images(
    prepared: Prepared,
    integer: frozenset[int],
    images: Images,
    *,
    recipe: Recipe,
    total: int | None = None,
    progress: Progress = silent,
) -> Statistics:
    """Statistics of every activation the integer part needs, in one pass over the images."""
    graph = prepared.graph
    watched = tensors_in_integers(graph, integer) | {
        t for t in (*graph.inputs, *graph.outputs) if graph.is_float(t)
    }
    followed = [at for at in sorted(integer) if is_followed(graph, at)]
    by_channel = []
    if may_equalize(recipe):
        by_channel = [p.tensors[0] for p in equalizable_pairs(graph) if p.producer in integer]
        by_channel += [t for p in swish_pairs(graph, integer) for t in (p.made, p.read[0])]
    return observe(
        graph,
        lambda: feeds(prepared, images),
        watched=sorted(watched),
        by_channel=by_channel,
        followed=followed if recipe.bias_correction else (),
        total=total,
        progress=progress,
    )
