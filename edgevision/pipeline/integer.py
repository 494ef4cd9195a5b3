"""One quantized file of a float one: with a recipe alone, or in search of an accuracy target."""

from dataclasses import dataclass

import numpy as np

from edgevision.dataset.imageset import ImageSet
from edgevision.errors import UsageError
from edgevision.metrics.classification import agreement
from edgevision.pipeline.latency_meter import LatencyMeter
from edgevision.pipeline.pixel_store import PixelStore
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.progress import Progress, silent
from edgevision.quantize.calibration import calibrated_model, read_float
from edgevision.quantize.quantize import QuantizedModel, quantize
from edgevision.quantize.search.accuracy_target import (
    AccuracyTarget,
    TargetMeasurement,
    TargetSearch,
    search_accuracy_target,
)
from edgevision.quantize.search.mixed_precision import HERE
from edgevision.recipe.recipe import Recipe
from edgevision.runtime.predict import scores_of
from edgevision.runtime.session_pool import SessionPool
from edgevision.tensors import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantizeInputs:
    """What a quantized file is made of, and what it is held to."""

    content: bytes
    """A float `.tflite`."""
    preprocessing: ImagePreprocessing
    calibration: PixelStore | None
    """Photos under `preprocessing`; None only for precisions that need none."""
    goal: AccuracyTarget | None = None
    judged: PixelStore | None = None
    """Photos the goal must hold on, under `preprocessing`."""
    never_slower: bool = True
    """Time int8 against float, and leave slow operators in float where that is faster; not in a
    file that is to be full integer."""
    latency_meter: LatencyMeter | None = None
    """On the device whose times decide; None: no choice is made by time."""


def make_quantized(
    work: QuantizeInputs, recipe: Recipe, *, progress: Progress = silent
) -> tuple[QuantizedModel, TargetSearch | None]:
    """The file that `recipe` makes, and the search for the goal; None without one.

    A goal that is missed gives the best file found, and `TargetSearch.met` False.

    Raises:
        UsageError: the goal needs photos or labels that are not there.
        ImageSetError: images are bad or missing.
        ModelError: the model is damaged, quantized already or not a model of one image.
        DeviceError: the device that files are timed on cannot be used.
    """
    if work.goal is not None and recipe.is_integer:
        reached = _search(work, work.goal, recipe, progress)
        return reached.model, reached
    photos, meter = work.calibration, work.latency_meter
    compares = work.never_slower and not recipe.is_full_integer
    made = quantize(
        work.content,
        preprocessing=work.preprocessing,
        images=None if photos is None else photos.__iter__,
        recipe=recipe,
        total=None if photos is None else len(photos),
        timer=meter.compared_ms if meter is not None and compares else None,
        target=HERE if meter is None else meter.target,
        threads=1 if meter is None else meter.threads,
        progress=progress,
    )
    return made, None


def _search(
    work: QuantizeInputs, goal: AccuracyTarget, recipe: Recipe, progress: Progress
) -> TargetSearch:
    photos, judged = work.calibration, work.judged
    if photos is None or judged is None:
        raise UsageError("an accuracy target needs calibration photos")
    images = judged.images
    if goal.kind == "drop" and not images.is_labelled:
        raise UsageError(
            "--max-drop needs labelled images", hint="give --eval, or use --min-agreement"
        )
    stock = calibrated_model(
        read_float(work.content),
        preprocessing=work.preprocessing,
        images=photos.__iter__,
        recipe=recipe,
        total=len(photos),
        progress=progress,
    )
    reference = _scores(work.content, work.preprocessing, judged)

    def measure(content: bytes, of_file: ImagePreprocessing) -> TargetMeasurement:
        return measured(_scores(content, of_file, judged), reference, images, goal)

    timer = None if work.latency_meter is None else work.latency_meter.median_ms
    return search_accuracy_target(
        stock, recipe, goal, measure=measure, timer=timer, progress=progress
    )


def _scores(content: bytes, preprocessing: ImagePreprocessing, photos: PixelStore) -> FloatArray:
    with SessionPool(content) as crew:
        return scores_of(crew, preprocessing, photos)


def measured(
    ours: FloatArray, reference: FloatArray, images: ImageSet, goal: AccuracyTarget
) -> TargetMeasurement:
    """The goal's quantity, with the 95 % interval its number of images allows."""
    if goal.kind == "agreement":
        rate = agreement(ours, reference)
        low, high = rate.interval
        return TargetMeasurement(value=rate.value, low=low, high=high)
    labels = np.array(images.class_indices, np.int64)
    lost = (reference.argmax(axis=1) == labels).astype(float) - (ours.argmax(axis=1) == labels)
    drop = float(lost.mean())
    # Both models saw the same images, so the spread is that of the differences.
    spread = 1.96 * float(lost.std()) / len(labels) ** 0.5
    return TargetMeasurement(value=drop, low=drop - spread, high=drop + spread)
