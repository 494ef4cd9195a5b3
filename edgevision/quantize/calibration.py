"""Calibration: from a float `.tflite` and images to the calibrated model that files are made of."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from edgevision.errors import ImageSetError
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.progress import Progress, silent
from edgevision.quantize.assign.integer_part import integer_part
from edgevision.quantize.assign.probe_kernels import probe_kernels
from edgevision.quantize.assign.scales import tensors_in_integers
from edgevision.quantize.calibrate.calibrated_model import CalibratedModel
from edgevision.quantize.calibrate.prepare import Images, check_float, feeds, prepare
from edgevision.quantize.calibrate.prepared import Prepared
from edgevision.quantize.calibrate.statistics import Statistics, observe
from edgevision.quantize.correct.one_thread import one_thread_each
from edgevision.quantize.search.choose_sites import choose_sites
from edgevision.quantize.step import FloatStep, RangeStep, Scope, Step, observations, steps_on
from edgevision.quantize.steps import STEPS, check_switches
from edgevision.quantize.transforms.real_input import with_real_inputs
from edgevision.recipe.recipe import Recipe
from edgevision.tasks.loss import OutputLoss
from edgevision.tflite.graph import Graph
from edgevision.tflite.parse import parse
from edgevision.tflite.read import read_content


def read_float(float_model: Path | bytes) -> Graph:
    """The graph of a float model.

    Raises:
        ModelError: it cannot be read, is damaged or is quantized already.
    """
    graph = parse(read_content(float_model))
    check_float(graph)
    computed = graph.producers().keys() | set(graph.inputs)
    for t, tensor in enumerate(graph.tensors):
        if t in computed:
            # A value that the file gives an input is replaced by the caller's: no constant.
            tensor.data = None
        elif tensor.dtype is not None and 0 in tensor.shape:
            # A constant without values has no buffer to be told by.
            tensor.data = np.zeros(tensor.shape, tensor.dtype)
    return with_real_inputs(graph)


@one_thread_each()
def calibrated_model(
    graph: Graph,
    *,
    preprocessing: ImagePreprocessing,
    images: Images | None,
    recipe: Recipe,
    total: int | None = None,
    losses: Sequence[OutputLoss] | None = None,
    steps: Sequence[Step] = STEPS,
    progress: Progress = silent,
) -> CalibratedModel:
    """Everything measured once on the float `graph`; see `quantize` for arguments and errors."""
    check_switches(recipe, steps)
    if images is None:
        message = f"{recipe.precision} needs calibration images"
        raise ImageSetError(message, hint="edgevision calibration build FOLDER")
    given = images
    prepared = prepare(graph, preprocessing, recipe, steps)
    scope = Scope(graph=prepared.graph, recipe=recipe)
    in_float: dict[int, str] = {}
    for step in steps_on(steps, FloatStep, scope):
        in_float |= step.apply(prepared.graph)
    integer = integer_part(prepared.graph, recipe, in_float)
    scope = Scope(graph=prepared.graph, integer=integer.operators, recipe=recipe)
    statistics = observe_images(prepared, scope, given, steps=steps, total=total, progress=progress)
    ranges = steps_on(steps, RangeStep, scope)
    model = CalibratedModel(
        prepared=prepared,
        statistics=statistics,
        integer=probe_kernels(prepared, statistics, recipe, integer, steps=ranges),
        feeds=lambda: feeds(prepared, given),
        losses=None if losses is None else tuple(losses),
    )
    return choose_sites(model, recipe, steps=steps, progress=progress)


def observe_images(
    prepared: Prepared,
    scope: Scope,
    images: Images,
    *,
    steps: Sequence[Step] = STEPS,
    total: int | None = None,
    progress: Progress = silent,
) -> Statistics:
    """Statistics of every activation the integer part needs, in one pass over the images."""
    graph, needed = prepared.graph, observations(steps, scope)
    watched = tensors_in_integers(graph, scope.integer) | {
        t for t in (*graph.inputs, *graph.outputs) if graph.is_float(t)
    }
    return observe(
        graph,
        lambda: feeds(prepared, images),
        watched=sorted(watched),
        by_channel=needed.by_channel,
        followed=needed.mean_inputs,
        total=total,
        progress=progress,
    )
