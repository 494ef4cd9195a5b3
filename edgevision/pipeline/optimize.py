"""`optimize`: convert, resolve preprocessing and task, quantize, prove, time, package, in order."""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from edgevision.card.write import write_card_file
from edgevision.compress.job import Learning
from edgevision.compress.run import prune_file
from edgevision.convert.convert import ConvertedModel, convert
from edgevision.convert.process import Beginning
from edgevision.errors import ImageSetError
from edgevision.evaluation.choose_task import choose_task
from edgevision.files import write_text
from edgevision.pipeline.candidates.make import FLOAT_NAME, quantize_all, run_float
from edgevision.pipeline.candidates.package import package
from edgevision.pipeline.folder import PRUNED_MODEL, REPORT, filling
from edgevision.pipeline.images import calibration_pixels
from edgevision.pipeline.latency_meter import FIRST_PLAN, LatencyMeter
from edgevision.pipeline.optimize_run import OptimizeRun
from edgevision.pipeline.report import OptimizeReport, report_to_dict
from edgevision.pipeline.request import OptimizeRequest, Pruning
from edgevision.pipeline.resolve_preprocessing import ResolvedPreprocessing, resolve_preprocessing
from edgevision.pipeline.sanity_checks import refuse_names, sanity_checks
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.preprocess.options import declared_of
from edgevision.progress import Progress, silent
from edgevision.runtime.session import Session, usable_cpus
from edgevision.tasks.interface import ModelInterface
from edgevision.tasks.of_file import interface_of_file
from edgevision.tasks.resolve import ResolvedTask
from edgevision.tflite.read import read_model

CONVERT_LOG = "convert.log"
PRUNED = "pruned-"
"""Before the names of the smaller model's files."""


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
        run = OptimizeRun(
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
        reference, photos = run_float(run, task, converted, preprocessing)
        calibration, doubtful = calibration_pixels(plan, photos)
        run.warnings += doubtful
        candidates = [reference, *quantize_all(run, task, reference, photos, calibration)]
        if plan.pruning is not None:
            pruned = _prune(run, plan.pruning, preprocessing)
            smaller, _ = run_float(run, task, pruned, preprocessing)
            candidates += [smaller, *quantize_all(run, task, smaller, photos, calibration)]
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
    run: OptimizeRun, source: Path | None = None, *, beginning: Beginning | None = None
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
    run: OptimizeRun, interface: ModelInterface, preprocessing: ImagePreprocessing
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
    run: OptimizeRun, converted: ConvertedModel, interface: ModelInterface
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


def _prune(run: OptimizeRun, pruning: Pruning, preprocessing: ImagePreprocessing) -> ConvertedModel:
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
