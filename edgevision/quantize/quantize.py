"""`quantize`: a float `.tflite` and calibration images in, a smaller `.tflite` out.

No TensorFlow: the float model runs in LiteRT, and the integer file is written from its graph.
"""

import logging
import re
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from edgevision.errors import ImageSetError, ModelError
from edgevision.preprocess.contract import Contract
from edgevision.progress import Progress, silent
from edgevision.quantize.assemble import (
    IntegerPart,
    QuantizedModel,
    assemble,
    bits_of,
    integer_part,
)
from edgevision.quantize.bias_correction import correctable
from edgevision.quantize.graph_reader import read_graph
from edgevision.quantize.graph_writer import to_bytes
from edgevision.quantize.observe import Statistics, observe
from edgevision.quantize.plan import tensors_in_integers
from edgevision.quantize.prepare import Images, Prepared, check_float, feeds, prepare
from edgevision.quantize.weights_only import to_dynamic, to_fp16
from edgevision.recipe.recipe import Recipe
from edgevision.runtime.session import Session

logger = logging.getLogger(__name__)

__all__ = ["Images", "QuantizedModel", "quantize"]


def quantize(
    float_model: Path | bytes,
    *,
    contract: Contract,
    images: Images | None,
    recipe: Recipe,
    total: int | None = None,
    progress: Progress = silent,
    clock: Callable[[], float] = time.perf_counter,
) -> QuantizedModel:
    """The model that `recipe` makes of `float_model`.

    Args:
        float_model: path or bytes of a float32 `.tflite`.
        contract: preprocessing of the float model.
        images: calibration pixels in the contract's size and colour order; None only for
            precisions that need none (dynamic, fp16).
        recipe: what to make.
        total: number of images, for the progress bar.
        progress: told how far the observation is.
        clock: seconds.

    Raises:
        ModelError: the model is damaged, already quantized, or does not fit the contract.
        ImageSetError: there are no images, or one gives a NaN or infinite activation.
    """
    begun = clock()
    content = _content(float_model)
    graph = read_graph(content)
    check_float(graph)
    if recipe.precision in {"fp16", "dynamic"}:
        smaller = to_fp16(graph) if recipe.precision == "fp16" else to_dynamic(graph)
        written = to_bytes(smaller)
        with Session(written):
            pass
        return QuantizedModel(
            content=written, contract=contract, recipe=recipe, seconds=clock() - begun
        )
    if images is None:
        message = f"{recipe.precision} needs calibration images"
        raise ImageSetError(message, hint="edgevision calibration build FOLDER")
    prepared = prepare(graph, contract, recipe)
    integer = integer_part(prepared.graph, recipe)
    statistics = observe_images(
        prepared, integer[0], images, recipe=recipe, total=total, progress=progress
    )
    made = _write_runnable(prepared, statistics, recipe, integer)
    warnings: tuple[str, ...] = ()
    if statistics.count == 1:
        warnings = ("calibrated on a single image: its range is a guess at those of others",)
    return replace(made, images=statistics.count, warnings=warnings, seconds=clock() - begun)


def _content(float_model: Path | bytes) -> bytes:
    if isinstance(float_model, bytes):
        return float_model
    try:
        return float_model.read_bytes()
    except OSError as error:
        message = f"cannot read {float_model}: {error.strerror}"
        raise ModelError(message) from error


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
    averaged = []
    if recipe.bias_correction:
        averaged = sorted(
            {graph.operators[at].inputs[0] for at in integer if correctable(graph, at)}
        )
    return observe(
        graph,
        lambda: feeds(prepared, images),
        watched=sorted(watched),
        averaged=averaged,
        total=total,
        progress=progress,
    )


def _write_runnable(
    prepared: Prepared, statistics: Statistics, recipe: Recipe, integer: IntegerPart
) -> QuantizedModel:
    """The integer file; operators that the runtime refuses in integers go back to float."""
    refused: dict[int, str] = {}
    while True:
        made, position = assemble(prepared, statistics, recipe, integer)
        try:
            with Session(made.content) as session:
                session.invoke()
        except ModelError as error:
            culprit = _culprit(str(error), position, integer[0])
            if culprit is None:
                raise
            logger.debug("operator %d goes back to float: %s", culprit, error)
            refused[culprit] = f"the runtime refuses it in int{bits_of(recipe)}: {error}"
            integer = integer_part(prepared.graph, recipe, refused)
            continue
        return made


def _culprit(message: str, position: tuple[int, ...], integer: frozenset[int]) -> int | None:
    """Which operator of the float graph the runtime's message names, when it is an integer one."""
    found = re.search(r"[Nn]ode number (\d+)", message)
    if found is None:
        return None
    number = int(found.group(1))
    for at, last in enumerate(position):
        if number <= last:
            return at if at in integer else None
    return None
