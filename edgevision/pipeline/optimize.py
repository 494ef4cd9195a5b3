"""`optimize`: convert, settle the contract, quantize, prove, time, package - in that order."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from edgevision.artifact.package import write_card_file
from edgevision.bench.latency import time_models
from edgevision.bench.plan import Plan as TimingPlan
from edgevision.convert.convert import ConvertedModel, convert
from edgevision.errors import ImageSetError
from edgevision.files import write_text
from edgevision.pipeline.candidate import Candidate, answers_of
from edgevision.pipeline.doubts import doubts, refuse_names
from edgevision.pipeline.folder import REPORT, filling
from edgevision.pipeline.images import overlap
from edgevision.pipeline.outcome import Outcome, outcome_to_dict
from edgevision.pipeline.package import package
from edgevision.pipeline.pixel_store import PixelStore
from edgevision.pipeline.plan import Plan
from edgevision.pipeline.settle import settle
from edgevision.preprocess.contract import Contract
from edgevision.progress import Progress, silent
from edgevision.quantize.quantize import quantize
from edgevision.quantize.scalar_input import with_scalar_input
from edgevision.runtime.session import Session, usable_cpus

FLOAT_NAME = "float32"
CONVERT_LOG = "convert.log"

TIMING = TimingPlan(rounds=7, seconds=0.7, least_runs=35)
"""A first look at the latency; `edgevision bench` takes longer and says more."""


@dataclass(slots=True, kw_only=True)
class _Run:
    """One run under way."""

    plan: Plan
    folder: Path
    progress: Progress
    clock: Callable[[], float]
    warnings: list[str] = field(default_factory=list)
    seconds: list[tuple[str, float]] = field(default_factory=list)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Note how long the block takes."""
        begun = self.clock()
        yield
        self.seconds.append((name, self.clock() - begun))


def optimize(
    plan: Plan, *, progress: Progress = silent, clock: Callable[[], float] = time.perf_counter
) -> Outcome:
    """Do all of `plan`; its folder appears when everything went well, and not before.

    Raises:
        UsageError: the folder is taken, or the preprocessing is not known.
        MissingDependencyError: TensorFlow or a runtime is missing.
        ImageSetError: an image or a label is bad, or there are none.
        ModelError: the model cannot be converted or quantized.
        VerificationError: a file read back is not what was asked for.
    """
    if plan.proof is None:
        raise ImageSetError(
            "there are no images to hold the result against the float model on",
            hint="give --eval PHOTOS, or --calibration PHOTOS",
        )
    with filling(plan.output, overwrite=plan.overwrite) as folder:
        run = _Run(plan=plan, folder=folder, progress=progress, clock=clock)
        with run.stage("convert"):
            converted = _convert(run)
        run.warnings += converted.warnings
        if converted.classes is not None:
            refuse_names(plan, converted.classes)
            run.warnings += doubts(plan, converted.classes)
        reference, photos = _run_float(run, converted)
        candidates = [reference, *_quantize_all(run, reference, photos)]
        with run.stage("time"):
            latencies = time_models(
                {one.name: one.content for one in candidates},
                threads=plan.threads,
                plan=TIMING,
                progress=progress,
            )
        with run.stage("package"):
            variants = tuple(
                package(
                    candidate,
                    reference,
                    plan=plan,
                    converted=converted,
                    photos=photos.images,
                    latencies=latencies,
                    folder=folder,
                )
                for candidate in candidates
            )
            write_card_file(folder / variants[-1].file, variants[-1].card, overwrite=True)
        outcome = Outcome(
            source=plan.source.name,
            proof=plan.proof.name,
            proof_role="evaluation" if plan.evaluation is not None else "calibration",
            images=len(plan.proof),
            variants=variants,
            stripped=converted.stripped,
            warnings=tuple(run.warnings),
            seconds=tuple(run.seconds),
        )
        report = json.dumps(outcome_to_dict(outcome), indent=1, ensure_ascii=False)
        write_text(folder / REPORT, report + "\n")
    return outcome


def _convert(run: _Run) -> ConvertedModel:
    plan = run.plan
    return convert(
        plan.source,
        run.folder / f"{FLOAT_NAME}.tflite",
        input_shape=plan.input_shape,
        custom_objects=plan.custom_objects,
        allow_flex=plan.allow_flex,
        log_path=run.folder / CONVERT_LOG,
        progress=run.progress,
    )


def _run_float(run: _Run, converted: ConvertedModel) -> tuple[Candidate, PixelStore]:
    """The float file with its contract settled and its answers, and the photos it answered."""
    proof = run.plan.proof
    assert proof is not None  # noqa: S101 - `optimize` has checked it
    content = converted.path.read_bytes()
    with Session(content, threads=usable_cpus()) as session:
        with run.stage("settle preprocessing"):
            labelled = proof if proof.is_labelled else None
            contract, doubt = settle(
                session, run.plan.preprocessing, labelled, progress=run.progress
            )
        run.warnings += [doubt] if doubt else []
    content, contract = with_scalar_input(content, contract)
    photos = PixelStore(proof, contract)
    with run.stage("run float32"), Session(content, threads=usable_cpus()) as session:
        answers = answers_of(
            session, contract, photos, progress=run.progress, stage="running float32"
        )
    float_candidate = Candidate(
        name=FLOAT_NAME, content=content, contract=contract, recipe=None, answers=answers
    )
    return float_candidate, photos


def _quantize_all(run: _Run, reference: Candidate, photos: PixelStore) -> Iterator[Candidate]:
    calibration = _calibration_pixels(run, reference.contract, photos)
    for name, recipe in run.plan.recipes:
        with run.stage(f"quantize {name}"):
            quantized = quantize(
                reference.content,
                contract=reference.contract,
                images=None if calibration is None else calibration.__iter__,
                recipe=recipe,
                total=None if calibration is None else len(calibration),
                progress=run.progress,
            )
        run.warnings += quantized.warnings
        with (
            run.stage(f"run {name}"),
            Session(quantized.content, threads=usable_cpus()) as session,
        ):
            answers = answers_of(
                session,
                quantized.contract,
                photos,
                progress=run.progress,
                stage=f"running {name}",
            )
        yield Candidate(
            name=name,
            content=quantized.content,
            contract=quantized.contract,
            recipe=recipe,
            answers=answers,
            skipped=quantized.skipped,
        )


def _calibration_pixels(run: _Run, contract: Contract, photos: PixelStore) -> PixelStore | None:
    """The calibration photos; those of the proof again when there are no others."""
    calibration, evaluation = run.plan.calibration, run.plan.evaluation
    if calibration is None:
        return None
    if evaluation is None:
        return photos
    if shared := overlap(calibration.images, evaluation):
        run.warnings.append(
            f"{shared} of the {len(evaluation)} evaluation images are in the calibration set "
            "too: the figures flatter"
        )
    return PixelStore(calibration.images, contract)
