"""One quantized file of a float one: with a recipe alone, or in search of an accuracy target."""

from dataclasses import dataclass, field

import numpy as np

from edgevision.dataset.imageset import ImageSet
from edgevision.errors import UsageError
from edgevision.metrics.classification import agreement
from edgevision.pipeline.pixel_store import PixelStore
from edgevision.pipeline.stopwatch import Stopwatch
from edgevision.preprocess.contract import Contract
from edgevision.progress import Progress, silent
from edgevision.quantize.quantize import QuantizedModel, quantize, read_float, stock_of
from edgevision.quantize.target import Goal, Measured, Reached, meet
from edgevision.recipe.recipe import Recipe
from edgevision.runtime.crew import Crew
from edgevision.runtime.predict import scores_of
from edgevision.tensors import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a quantized file is made of, and what it is held to."""

    content: bytes
    """A float `.tflite`."""
    contract: Contract
    calibration: PixelStore | None
    """Photos under `contract`; None only for precisions that need none."""
    goal: Goal | None = None
    judged: PixelStore | None = None
    """Photos the goal must hold on, under `contract`."""
    never_slower: bool = True
    """Time int8 against float, and leave slow operators in float where that is faster."""
    stopwatch: Stopwatch = field(default_factory=Stopwatch)


def make_quantized(
    work: Work, recipe: Recipe, *, progress: Progress = silent
) -> tuple[QuantizedModel, Reached | None]:
    """The file that `recipe` makes, and the search for the goal; None without one.

    A goal that is missed gives the best file found, and `Reached.met` False.

    Raises:
        UsageError: the goal needs photos or labels that are not there.
        ImageSetError: images are bad or missing.
        ModelError: the model is damaged, quantized already or not a model of one image.
        DeviceError: the device that files are timed on cannot be used.
    """
    if work.goal is not None and recipe.is_integer:
        reached = _search(work, work.goal, recipe, progress)
        return reached.model, reached
    photos = work.calibration
    made = quantize(
        work.content,
        contract=work.contract,
        images=None if photos is None else photos.__iter__,
        recipe=recipe,
        total=None if photos is None else len(photos),
        timer=work.stopwatch.compared_ms if work.never_slower else None,
        target=work.stopwatch.target,
        progress=progress,
    )
    return made, None


def _search(work: Work, goal: Goal, recipe: Recipe, progress: Progress) -> Reached:
    photos, judged = work.calibration, work.judged
    if photos is None or judged is None:
        raise UsageError("an accuracy target needs calibration photos")
    images = judged.images
    if goal.kind == "drop" and not images.is_labelled:
        raise UsageError(
            "--max-drop needs labelled images", hint="give --eval, or use --min-agreement"
        )
    stock = stock_of(
        read_float(work.content),
        contract=work.contract,
        images=photos.__iter__,
        recipe=recipe,
        total=len(photos),
        progress=progress,
    )
    reference = _scores(work.content, work.contract, judged)

    def measure(content: bytes, of_file: Contract) -> Measured:
        return measured(_scores(content, of_file, judged), reference, images, goal)

    return meet(
        stock, recipe, goal, measure=measure, timer=work.stopwatch.median_ms, progress=progress
    )


def _scores(content: bytes, contract: Contract, photos: PixelStore) -> FloatArray:
    with Crew(content) as crew:
        return scores_of(crew, contract, photos)


def measured(ours: FloatArray, reference: FloatArray, images: ImageSet, goal: Goal) -> Measured:
    """The goal's quantity, with the 95 % interval its number of images allows."""
    if goal.kind == "agreement":
        rate = agreement(ours, reference)
        low, high = rate.interval
        return Measured(value=rate.value, low=low, high=high)
    labels = np.array([item.label for item in images], np.int64)
    lost = (reference.argmax(axis=1) == labels).astype(float) - (ours.argmax(axis=1) == labels)
    drop = float(lost.mean())
    # Both models saw the same images, so the spread is that of the differences.
    spread = 1.96 * float(lost.std()) / len(labels) ** 0.5
    return Measured(value=drop, low=drop - spread, high=drop + spread)
