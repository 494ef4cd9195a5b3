"""Making candidates: the float file, and one file a recipe, each run on the photos."""

from collections.abc import Iterator

from edgevision.convert.convert import ConvertedModel
from edgevision.evaluation.evaluate import can_evaluate
from edgevision.pipeline.candidates.candidate import Candidate, answers_of
from edgevision.pipeline.integer import QuantizeInputs, make_quantized
from edgevision.pipeline.optimize_run import OptimizeRun
from edgevision.pipeline.pixel_store import PixelStore
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.quantize.transforms.scalar_normalization import with_scalar_normalization
from edgevision.tasks.task import Task

FLOAT_NAME = "float32"


def run_float(
    run: OptimizeRun, task: Task, converted: ConvertedModel, preprocessing: ImagePreprocessing
) -> tuple[Candidate, PixelStore]:
    """A float file with a scalar normalization and its answers, and the photos it answered."""
    proof = run.plan.proof
    assert proof is not None  # noqa: S101 - `optimize` has checked it
    name = converted.path.stem
    content, scalar = with_scalar_normalization(converted.path.read_bytes(), preprocessing)
    photos = PixelStore(proof, scalar)
    with run.stage(f"run {name}"):
        answers = answers_of(
            task, content, scalar, photos, progress=run.progress, stage=f"running {name}"
        )
    made = Candidate(
        name=name,
        content=content,
        preprocessing=scalar,
        recipe=None,
        answers=answers,
        # At once: a label that the model has no class for should not cost the time to quantize.
        evaluation=task.evaluate(answers) if can_evaluate(task, answers) else None,
    )
    return made, photos


def quantize_all(
    run: OptimizeRun,
    task: Task,
    of_float: Candidate,
    photos: PixelStore,
    calibration: PixelStore | None,
) -> Iterator[Candidate]:
    """One integer or smaller float file of `of_float` a recipe, with its answers on `photos`."""
    prefix = of_float.name.removesuffix(FLOAT_NAME)
    for recipe_name, recipe in run.plan.recipes:
        name = prefix + recipe_name
        inputs = QuantizeInputs(
            content=of_float.content,
            task=task,
            preprocessing=of_float.preprocessing,
            calibration=calibration,
            goal=run.plan.goal,
            evaluation=photos,
            never_slower=run.plan.never_slower,
            latency_meter=None if run.plan.target is None else run.latency_meter,
        )
        with run.stage(f"quantize {name}"):
            quantized, reached = make_quantized(inputs, recipe, progress=run.progress)
        run.warnings += quantized.warnings
        with run.stage(f"run {name}"):
            answers = answers_of(
                task,
                quantized.content,
                quantized.preprocessing,
                photos,
                progress=run.progress,
                stage=f"running {name}",
            )
        yield Candidate(
            name=name,
            content=quantized.content,
            preprocessing=quantized.preprocessing,
            recipe=recipe,
            answers=answers,
            skipped=quantized.skipped,
            reached=reached,
        )
