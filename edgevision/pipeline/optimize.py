"""`optimize`: convert, settle the contract, quantize, prove, time, package - in that order."""

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path

import numpy as np

from edgevision.artifact.card import Card, Figures, Provenance
from edgevision.artifact.facts import Facts, facts_of
from edgevision.artifact.model import read_model
from edgevision.artifact.package import write_card, write_card_file
from edgevision.bench.latency import Latency, time_models
from edgevision.bench.plan import Plan as TimingPlan
from edgevision.bench.ratio import ratio_of
from edgevision.convert.convert import ConvertedModel, convert
from edgevision.errors import ImageSetError
from edgevision.files import sha256_of, write_bytes, write_text
from edgevision.metrics import top_k_accuracy
from edgevision.pipeline.folder import REPORT, filling
from edgevision.pipeline.outcome import Outcome, Variant, outcome_to_dict
from edgevision.pipeline.pixel_store import PixelStore
from edgevision.pipeline.plan import Plan
from edgevision.pipeline.settle import settle
from edgevision.predictions import Predictions
from edgevision.preprocess.contract import Contract
from edgevision.progress import Progress, silent
from edgevision.quantize.plan import Skipped
from edgevision.quantize.quantize import quantize
from edgevision.recipe.recipe import Recipe
from edgevision.runtime.predict import scores_of
from edgevision.runtime.session import Session, usable_cpus
from edgevision.verify.agreement import Comparison, compare
from edgevision.verify.check import Asked, check_file

FLOAT_NAME = "float32"
CONVERT_LOG = "convert.log"

TIMING = TimingPlan(rounds=7, seconds=0.7, least_runs=35)
"""A first look at the latency; `edgevision bench` takes longer and says more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """One file before it is packaged."""

    name: str
    content: bytes
    contract: Contract
    recipe: Recipe | None
    skipped: tuple[Skipped, ...] = ()


@dataclass(slots=True)
class _Stages:
    """Seconds of each stage, in order."""

    clock: Callable[[], float]
    seconds: list[tuple[str, float]] = field(default_factory=list)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
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
    stages = _Stages(clock)
    with filling(plan.output, overwrite=plan.overwrite) as folder:
        with stages.stage("convert"):
            converted = _convert(plan, folder, progress)
        float_content = converted.path.read_bytes()
        proof = plan.proof
        if proof is None:
            raise ImageSetError(
                "there are no images to hold the result against the float model on",
                hint="give --eval PHOTOS, or --calibration PHOTOS",
            )
        warnings = list(converted.warnings)
        with Session(float_content, threads=usable_cpus()) as session:
            with stages.stage("check preprocessing"):
                labelled = proof if proof.is_labelled else None
                contract, doubt = settle(session, plan.preprocessing, labelled, progress=progress)
            warnings += [doubt] if doubt else []
            store = PixelStore(proof, contract)
            with stages.stage("run the float model"):
                reference = _predict(session, contract, store, plan, progress, FLOAT_NAME)
        _check_labels(reference)
        calibration = store
        if plan.calibration is not None and plan.calibration.images is not proof:
            calibration = PixelStore(plan.calibration.images, contract)
        made = [_Made(name=FLOAT_NAME, content=float_content, contract=contract, recipe=None)]
        answers = [reference]
        for name, recipe in plan.recipes:
            with stages.stage(f"quantize {name}"):
                quantized = quantize(
                    float_content,
                    contract=contract,
                    images=(lambda: iter(calibration)) if plan.calibration else None,
                    recipe=recipe,
                    total=len(calibration),
                    progress=progress,
                )
            warnings += quantized.warnings
            made.append(
                _Made(
                    name=name,
                    content=quantized.content,
                    contract=quantized.contract,
                    recipe=recipe,
                    skipped=quantized.skipped,
                )
            )
            with (
                stages.stage(f"run {name}"),
                Session(quantized.content, threads=usable_cpus()) as session,
            ):
                answers.append(_predict(session, quantized.contract, store, plan, progress, name))
        with stages.stage("time"):
            latencies = time_models(
                {one.name: one.content for one in made},
                threads=plan.threads,
                plan=TIMING,
                progress=progress,
            )
        variants = tuple(
            _finish(plan, converted, one, folder, latencies, own, reference)
            for one, own in zip(made, answers, strict=True)
        )
        write_card_file(folder / variants[-1].file, variants[-1].card, overwrite=True)
        outcome = Outcome(
            source=plan.source.name,
            proof=proof.name,
            proof_role="evaluation" if plan.evaluation is not None else "calibration",
            images=len(proof),
            variants=variants,
            stripped=converted.stripped,
            warnings=tuple(warnings),
            seconds=tuple(stages.seconds),
        )
        report = json.dumps(outcome_to_dict(outcome), indent=1, ensure_ascii=False)
        write_text(folder / REPORT, report + "\n")
    return outcome


def _convert(plan: Plan, folder: Path, progress: Progress) -> ConvertedModel:
    return convert(
        plan.source,
        folder / f"{FLOAT_NAME}.tflite",
        input_shape=plan.input_shape,
        custom_objects=plan.custom_objects,
        allow_flex=plan.allow_flex,
        log_path=folder / CONVERT_LOG,
        progress=progress,
    )


def _predict(
    session: Session,
    contract: Contract,
    store: PixelStore,
    plan: Plan,
    progress: Progress,
    name: str,
) -> Predictions:
    images = plan.proof
    assert images is not None  # noqa: S101 - checked by the caller
    scores = scores_of(session, contract, store.told(progress, f"running {name}"))
    labels = np.array([item.label for item in images], np.int64) if images.is_labelled else None
    return Predictions(ids=tuple(item.id for item in images), scores=scores, labels=labels)


def _check_labels(reference: Predictions) -> None:
    classes = reference.scores.shape[1]
    if reference.labels is not None and int(reference.labels.max()) >= classes:
        raise ImageSetError(
            f"the images have a label {int(reference.labels.max())}, "
            f"the model has {classes} classes",
            hint="labels count from 0, in the order of the model's outputs",
        )


def _finish(
    plan: Plan,
    converted: ConvertedModel,
    made: _Made,
    folder: Path,
    latencies: dict[str, Latency],
    own: Predictions,
    reference: Predictions,
) -> Variant:
    """Package one file, write it, read it back and hold it against what was asked for."""
    is_float = made.recipe is None
    comparison = None if is_float else compare(own, reference)
    facts = facts_of(read_model(made.content))
    card = _card(plan, converted, made, facts, own, reference, comparison)
    path = folder / f"{made.name}.tflite"
    write_bytes(path, write_card(made.content, card), overwrite=True)
    written = facts_of(read_model(path))
    check_file(written, _asked(made, plan))
    return Variant(
        file=path.name,
        sha256=sha256_of(path),
        facts=written,
        card=card,
        latency=latencies[made.name],
        ratio=None if is_float else ratio_of(latencies[FLOAT_NAME], latencies[made.name]),
        accuracy=None if own.labels is None else top_k_accuracy(own.scores, own.labels),
        comparison=comparison,
        skipped=made.skipped,
    )


def _asked(made: _Made, plan: Plan) -> Asked:
    if made.recipe is None:
        return Asked(precision="float32", allow_flex=plan.allow_flex)
    return Asked(
        precision=made.recipe.precision,
        input_type=made.recipe.input_type,
        output_type=made.recipe.output_type,
        kept_float=frozenset(skipped.tensor for skipped in made.skipped),
        allow_flex=plan.allow_flex,
    )


def _card(
    plan: Plan,
    converted: ConvertedModel,
    made: _Made,
    facts: Facts,
    own: Predictions,
    reference: Predictions,
    comparison: Comparison | None,
) -> Card:
    images = plan.proof
    assert images is not None  # noqa: S101 - checked by the caller
    classes = facts.outputs[0].shape[-1]
    labels = plan.labels or (images.classes if len(images.classes) == classes else ())
    figures = Figures(evaluation=images.name, images=len(images))
    if own.labels is not None:
        figures = replace(figures, accuracy=top_k_accuracy(own.scores, own.labels).value)
    if comparison is not None:
        figures = replace(
            figures,
            agreement=comparison.agreement.value,
            mean_kl=comparison.mean_kl,
            float_size_bytes=converted.path.stat().st_size,
            float_accuracy=comparison.top1[1].value if comparison.top1 else None,
            top5=comparison.top5[0].value if comparison.top5 else None,
            float_top5=comparison.top5[1].value if comparison.top5 else None,
        )
    needs_images = made.recipe is not None and made.recipe.precision in {"int8", "int16x8"}
    return Card(
        name=plan.source.stem,
        contract=made.contract,
        labels=labels,
        activation=converted.activation,  # type: ignore[arg-type] # Card checks the choice
        precision=facts.precision,
        inputs=facts.inputs,
        outputs=facts.outputs,
        provenance=Provenance(
            source_name=plan.source.name,
            source_sha256=_digest(plan.source),
            recipe=made.name,
            calibration=plan.calibration.source if plan.calibration and needs_images else None,
            tools=_tools(converted),
        ),
        figures=figures,
    )


def _tools(converted: ConvertedModel) -> tuple[tuple[str, str], ...]:
    known = {**converted.versions, **{name: version(name) for name in ("edgevision", "numpy")}}
    return tuple(sorted(known.items()))


def _digest(source: Path) -> str:
    """SHA-256 of a file; of a folder, over the names and digests of its files."""
    if source.is_file():
        return sha256_of(source)
    parts = [
        f"{path.relative_to(source).as_posix()} {sha256_of(path)}"
        for path in sorted(source.rglob("*"))
        if path.is_file()
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
