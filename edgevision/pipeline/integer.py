"""One quantized file of a float one: with a recipe alone, or in search of an accuracy target."""

from dataclasses import dataclass

from edgevision.errors import UsageError
from edgevision.evaluation.evaluate import can_evaluate
from edgevision.pipeline.candidates.candidate import answers_of
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
)
from edgevision.quantize.search.mixed_precision import HERE
from edgevision.quantize.search.search_accuracy_target import search_accuracy_target
from edgevision.recipe.recipe import Recipe
from edgevision.tasks.answers import Answers
from edgevision.tasks.task import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantizeInputs:
    """What a quantized file is made of, and what it is held to."""

    content: bytes
    """A float `.tflite`."""
    task: Task
    """What its outputs mean: what is held down, and what the goal is measured in."""
    preprocessing: ImagePreprocessing
    calibration: PixelStore | None
    """Photos under `preprocessing`; None only for precisions that need none."""
    goal: AccuracyTarget | None = None
    evaluation: PixelStore | None = None
    """Photos the goal must hold on, under `preprocessing`."""
    never_slower: bool = True
    """Time int8 against float, and leave slow operators in float where that is faster; not in a
    file that is to be full integer."""
    latency_meter: LatencyMeter | None = None
    """On the device whose times decide; None: no choice is made by time."""


def make_quantized(
    inputs: QuantizeInputs, recipe: Recipe, *, progress: Progress = silent
) -> tuple[QuantizedModel, TargetSearch | None]:
    """The file that `recipe` makes, and the search for the goal; None without one.

    A goal that is missed gives the best file found, and `TargetSearch.met` False.

    Raises:
        UsageError: the goal needs photos or labels that are not there, or another task.
        ImageSetError: images are bad or missing.
        ModelError: the model is damaged, quantized already or not a model of one image.
        DeviceError: the device that files are timed on cannot be used.
    """
    if inputs.goal is not None and recipe.is_integer:
        reached = _search(inputs, inputs.goal, recipe, progress)
        return reached.model, reached
    photos, meter = inputs.calibration, inputs.latency_meter
    compares = inputs.never_slower and not recipe.is_full_integer
    made = quantize(
        inputs.content,
        preprocessing=inputs.preprocessing,
        images=None if photos is None else photos.__iter__,
        recipe=recipe,
        total=None if photos is None else len(photos),
        losses=inputs.task.losses(),
        timer=meter.compared_ms if meter is not None and compares else None,
        target=HERE if meter is None else meter.target,
        threads=1 if meter is None else meter.threads,
        progress=progress,
    )
    return made, None


def _search(
    inputs: QuantizeInputs, goal: AccuracyTarget, recipe: Recipe, progress: Progress
) -> TargetSearch:
    photos, evaluation, task = inputs.calibration, inputs.evaluation, inputs.task
    if photos is None or evaluation is None:
        raise UsageError("an accuracy target needs calibration photos")
    reference = answers_of(task, inputs.content, inputs.preprocessing, evaluation)
    refuse_goal(goal, task, reference)
    model = calibrated_model(
        read_float(inputs.content),
        preprocessing=inputs.preprocessing,
        images=photos.__iter__,
        recipe=recipe,
        total=len(photos),
        losses=task.losses(),
        progress=progress,
    )

    def measure(content: bytes, of_file: ImagePreprocessing) -> TargetMeasurement:
        return measured(task, answers_of(task, content, of_file, evaluation), reference, goal)

    timer = None if inputs.latency_meter is None else inputs.latency_meter.median_ms
    return search_accuracy_target(
        model, recipe, goal, measure=measure, timer=timer, progress=progress
    )


def refuse_goal(goal: AccuracyTarget, task: Task, reference: Answers) -> None:
    """Raise when what the goal limits is no share of the images.

    Raises:
        UsageError: the task measures something else, or truth is needed and not there.
    """
    option = "--min-agreement" if goal.kind == "agreement" else "--max-drop"
    if goal.kind == "drop" and not can_evaluate(task, reference):
        if task.truth is not None:
            raise UsageError(
                "--max-drop needs labelled images", hint="give --eval, or use --min-agreement"
            )
        message = (
            f"{option} needs answers that can be right or wrong, and the task {task.spec.kind} "
            "has none"
        )
        raise UsageError(message, hint="say what the outputs mean: --task")
    found = (
        task.agreement(reference, reference).headline
        if goal.kind == "agreement"
        else task.evaluate(reference).headline
    )
    if found.unit != "share":
        unit = f" in {found.unit}" if found.unit else ""
        message = (
            f"{option} is a percentage, and the task {task.spec.kind} measures {found.title}{unit}"
        )
        raise UsageError(message, hint=_other_goal(goal, task, reference))


def _other_goal(goal: AccuracyTarget, task: Task, reference: Answers) -> str:
    if task.truth is None:
        return "say what the outputs mean: --task"
    if goal.kind == "drop" and task.agreement(reference, reference).headline.unit == "share":
        return "--min-agreement holds the share of images answered alike"
    return "leave it away: the figures are reported all the same"


def measured(
    task: Task, ours: Answers, reference: Answers, goal: AccuracyTarget
) -> TargetMeasurement:
    """The goal's quantity, with its 95 % interval."""
    if goal.kind == "agreement":
        found = task.agreement(ours, reference).headline.estimate
    else:
        found = task.paired(ours, reference).drop
    low = found.value if found.low is None else found.low
    high = found.value if found.high is None else found.high
    return TargetMeasurement(value=found.value, low=low, high=high)
