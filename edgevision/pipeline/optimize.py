"""`optimize`: convert, resolve preprocessing and task, quantize, prove, time, package, in order."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from edgevision.card.write import write_card_file
from edgevision.compress.job import Learning
from edgevision.compress.run import prune_file
from edgevision.convert.convert import ConvertedModel, convert
from edgevision.convert.process import Beginning
from edgevision.errors import ImageSetError
from edgevision.evaluation.choose_task import choose_task
from edgevision.evaluation.evaluate import can_evaluate
from edgevision.files import write_text
from edgevision.pipeline.candidate import Candidate, answers_of
from edgevision.pipeline.folder import PRUNED_MODEL, REPORT, filling
from edgevision.pipeline.images import calibration_pixels
from edgevision.pipeline.integer import QuantizeInputs, make_quantized
from edgevision.pipeline.latency_meter import FIRST_PLAN, LatencyMeter
from edgevision.pipeline.package import package
from edgevision.pipeline.pixel_store import PixelStore
from edgevision.pipeline.report import OptimizeReport, report_to_dict
from edgevision.pipeline.request import OptimizeRequest, Pruning
from edgevision.pipeline.resolve_preprocessing import ResolvedPreprocessing, resolve_preprocessing
from edgevision.pipeline.sanity_checks import refuse_names, sanity_checks
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.preprocess.options import declared_of
from edgevision.progress import Progress, silent
from edgevision.quantize.transforms.scalar_normalization import with_scalar_normalization
from edgevision.runtime.session import Session, usable_cpus
from edgevision.tasks.interface import ModelInterface
from edgevision.tasks.of_file import interface_of_file
from edgevision.tasks.resolve import ResolvedTask
from edgevision.tasks.task import Task
from edgevision.tflite.read import read_model

FLOAT_NAME = "float32"
CONVERT_LOG = "convert.log"
PRUNED = "pruned-"
"""Before the names of the smaller model's files."""


@dataclass(slots=True, kw_only=True)
class _Run:
    """One run under way."""

    plan: OptimizeRequest
    folder: Path
    progress: Progress
    clock: Callable[[], float]
    latency_meter: LatencyMeter
    """For the table; what is timed to choose by, on a device that was named, is what it tells."""
    warnings: list[str] = field(default_factory=list)
    seconds: list[tuple[str, float]] = field(default_factory=list)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Note how long the block takes."""
        begun = self.clock()
        yield
        self.seconds.append((name, self.clock() - begun))


def optimize(
    plan: OptimizeRequest,
    *,
    beginning: Beginning | None = None,
    progress: Progress = silent,
    clock: Callable[[], float] = time.perf_counter,
) -> OptimizeReport:
    """Do all of `plan`; its folder appears when everything went well, and not before.

    `beginning` is TensorFlow already on its way, for the conversion.

    Raises:
        UsageError: the folder is taken, or the preprocessing is not known.
        MissingDependencyError: TensorFlow or a runtime is missing.
        ImageSetError: an image or a label is bad, or there are none.
        ModelError: the model cannot be converted or quantized.
        DeviceError: the device that files are timed on cannot be used.
        VerificationError: a file read back is not what was asked for.
    """
    if plan.proof is None:
        raise ImageSetError(
            "there are no images to hold the result against the float model on",
            hint="give --eval PHOTOS, or --calibration PHOTOS",
        )
    with filling(plan.output, overwrite=plan.overwrite) as folder:
        run = _Run(
            plan=plan,
            folder=folder,
            progress=progress,
            clock=clock,
            latency_meter=LatencyMeter(
                first=FIRST_PLAN, target=plan.target, access=plan.access, threads=plan.threads
            ),
        )
        with run.stage("convert"):
            converted = _convert(run, beginning=beginning)
        run.warnings += converted.warnings
        interface = interface_of_file(read_model(converted.path))
        if plan.task is None:
            refuse_names(plan.labels, interface)
        run.latency_meter.try_out(converted.path)
        chosen = _resolve_preprocessing(run, converted, interface)
        preprocessing = chosen.preprocessing
        resolved = _task_with(run, interface, preprocessing)
        run.warnings += sanity_checks(plan, resolved)
        task = resolved.task
        reference, photos = _run_float(run, task, converted, preprocessing)
        calibration, doubtful = calibration_pixels(plan, photos)
        run.warnings += doubtful
        candidates = [reference, *_quantize_all(run, task, reference, photos, calibration)]
        if plan.pruning is not None:
            pruned = _prune(run, plan.pruning, preprocessing)
            smaller, _ = _run_float(run, task, pruned, preprocessing)
            candidates += [smaller, *_quantize_all(run, task, smaller, photos, calibration)]
        with run.stage("time"):
            latencies = run.latency_meter.latencies(
                {one.name: one.content for one in candidates}, progress=progress
            )
        with run.stage("package"):
            variants = tuple(
                package(
                    candidate,
                    reference,
                    task=task,
                    plan=plan,
                    converted=converted,
                    photos=photos.images,
                    latencies=latencies,
                    folder=folder,
                )
                for candidate in candidates
            )
            run.warnings += [
                f"{variant.file}: {doubt}; are the calibration photos like these?"
                for variant in variants
                if variant.comparison is not None
                for doubt in variant.comparison.agreement.doubts
            ]
            for variant in variants:
                write_card_file(folder / variant.file, variant.card, overwrite=True)
        report = OptimizeReport(
            source=plan.source.name,
            proof=plan.proof.name,
            proof_role="evaluation" if plan.evaluation is not None else "calibration",
            images=len(plan.proof),
            target=run.latency_meter.target,
            task=resolved,
            choice=chosen.choice,
            variants=variants,
            stripped=converted.stripped,
            warnings=tuple(run.warnings),
            seconds=tuple(run.seconds),
        )
        text = json.dumps(report_to_dict(report), indent=1, ensure_ascii=False)
        write_text(folder / REPORT, text + "\n")
    return report


def _convert(
    run: _Run, source: Path | None = None, *, beginning: Beginning | None = None
) -> ConvertedModel:
    plan = run.plan
    name = FLOAT_NAME if source is None else PRUNED + FLOAT_NAME
    return convert(
        source or plan.source,
        run.folder / f"{name}.tflite",
        input_shape=plan.input_shape,
        custom_objects=plan.custom_objects,
        allow_flex=plan.allow_flex,
        log_path=run.folder / (CONVERT_LOG if source is None else f"{PRUNED}{CONVERT_LOG}"),
        progress=run.progress,
        beginning=beginning,
    )


def _task_with(
    run: _Run, interface: ModelInterface, preprocessing: ImagePreprocessing
) -> ResolvedTask:
    """What the outputs mean when pictures go in so."""
    plan = run.plan
    return choose_task(
        replace(interface, preprocessing=preprocessing),
        declared=plan.task,
        labels=plan.labels,
        images=plan.proof,
    )


def _resolve_preprocessing(
    run: _Run, converted: ConvertedModel, interface: ModelInterface
) -> ResolvedPreprocessing:
    """How the model wants its pixels: as declared, or what measures best."""
    proof = run.plan.proof
    labelled = proof if proof is not None and proof.is_labelled else None
    with (
        run.stage("resolve preprocessing"),
        Session(converted.path, threads=usable_cpus()) as model,
    ):
        chosen = resolve_preprocessing(
            model,
            run.plan.preprocessing,
            labelled,
            task_with=lambda preprocessing: _task_with(run, interface, preprocessing).task,
            progress=run.progress,
        )
    run.warnings += [chosen.warning] if chosen.warning else []
    return chosen


def _prune(run: _Run, pruning: Pruning, preprocessing: ImagePreprocessing) -> ConvertedModel:
    """The smaller Keras model, fine-tuned and converted; it stays in the folder."""
    learning = None
    if pruning.train is not None:
        learning = Learning(
            images=str(pruning.train.resolve()),
            labels=None,
            preprocessing=declared_of(preprocessing),
            training=pruning.training,
        )
    else:
        run.warnings.append("pruned without --train: nothing was fine-tuned, accuracy is lost")
    smaller = run.folder / PRUNED_MODEL
    with run.stage("prune"):
        report = prune_file(
            run.plan.source, smaller, pruning.plan, learning=learning, progress=run.progress
        )
    run.warnings += report.warnings
    with run.stage("convert the pruned model"):
        return _convert(run, smaller)


def _run_float(
    run: _Run, task: Task, converted: ConvertedModel, preprocessing: ImagePreprocessing
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


def _quantize_all(
    run: _Run,
    task: Task,
    of_float: Candidate,
    photos: PixelStore,
    calibration: PixelStore | None,
) -> Iterator[Candidate]:
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
