"""A float `.tflite` to a quantized one with its card: what `edgevision quantize` does."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgevision.artifact.card import Card, Provenance
from edgevision.artifact.facts import Facts, facts_of
from edgevision.artifact.model import read_model
from edgevision.artifact.package import write_card
from edgevision.artifact.reading import read_card
from edgevision.bench.latency import time_models
from edgevision.bench.plan import Plan as TimingPlan
from edgevision.dataset.imageset import ImageSet
from edgevision.errors import UsageError
from edgevision.files import sha256_of, write_bytes
from edgevision.metrics import agreement
from edgevision.pipeline.pixel_store import PixelStore
from edgevision.pipeline.plan import Photos
from edgevision.preprocess.contract import Contract
from edgevision.preprocess.preprocessing import Preprocessing, nothing_said
from edgevision.progress import Progress, silent
from edgevision.quantize.quantize import QuantizedModel, quantize, read_float, stock_of
from edgevision.quantize.target import Goal, Measured, Reached, meet
from edgevision.recipe.recipe import Recipe
from edgevision.runtime.predict import scores_of
from edgevision.runtime.session import Session, usable_cpus
from edgevision.tensors import FloatArray
from edgevision.verify.check import Asked, check_file

TIMING = TimingPlan(rounds=7, seconds=0.5, least_runs=35)
"""Enough to rank a few files; `edgevision bench` says more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What `quantize` is asked to do."""

    source: Path
    output: Path
    recipe: Recipe
    recipe_name: str
    photos: Photos | None
    """Calibration photos; None only for precisions that need none."""
    said: Preprocessing | None
    """How pixels become input, in place of what the source's card says."""
    labels: tuple[str, ...] = ()
    goal: Goal | None = None
    evaluation: ImageSet | None = None
    """Photos the goal must hold on."""
    never_slower: bool = True
    """Time int8 against float, and leave slow operators in float where that is faster."""
    overwrite: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What was written."""

    model: QuantizedModel
    facts: Facts
    reached: Reached | None
    """The search for the goal; None without one."""


def quantize_file(job: Job, *, progress: Progress = silent) -> Done:
    """Quantize, package and check the file that `job` asks for.

    A goal that is missed leaves the best file found, and `Done.reached.met` False.

    Raises:
        UsageError: the output exists, or nothing says how pixels become input.
        ImageSetError: images are bad or missing.
        ModelError: the source is damaged, quantized already or not a model of one image.
        VerificationError: the written file is not what was asked for.
    """
    card = read_card(job.source)
    contract = _contract(job, card)
    reached = None
    if job.goal is not None and job.recipe.precision in {"int8", "int16x8"}:
        reached = _search(job, job.goal, contract, progress)
        model = reached.model
    else:
        store = None if job.photos is None else PixelStore(job.photos.images, contract)
        model = quantize(
            job.source,
            contract=contract,
            images=None if store is None else store.__iter__,
            recipe=job.recipe,
            total=None if store is None else len(store),
            timer=_median_ms if job.never_slower else None,
            progress=progress,
        )
    write_bytes(job.output, _packaged(job, model, card), overwrite=job.overwrite)
    facts = facts_of(read_model(job.output))
    check_file(
        facts,
        Asked(
            precision=job.recipe.precision,
            input_type=job.recipe.input_type if len(facts.inputs) == 1 else None,
            output_type=job.recipe.output_type,
            kept_float=frozenset(skipped.tensor for skipped in model.skipped),
        ),
    )
    return Done(model=model, facts=facts, reached=reached)


def _contract(job: Job, card: Card | None) -> Contract:
    if job.said is None or not job.said.is_complete:
        if card is None or (job.said is not None and job.said != Preprocessing()):
            raise nothing_said(job.said)
        return card.contract
    model = read_model(job.source)
    images = [model.tensors[t].shape for t in model.inputs if len(model.tensors[t].shape) == 4]
    if not images:
        raise UsageError(f"{job.source.name} has no image input")
    _, height, width, channels = images[0]
    return job.said.contract(width=width, height=height, channels=channels)


def _packaged(job: Job, model: QuantizedModel, card: Card | None) -> bytes:
    facts = facts_of(read_model(model.content))
    return write_card(
        model.content,
        Card(
            name=card.name if card is not None else job.source.stem,
            kind=card.kind if card is not None else "classification",
            contract=model.contract,
            labels=job.labels or (card.labels if card is not None else ()),
            activation=card.activation if card is not None else "softmax",
            precision=facts.precision,
            inputs=facts.inputs,
            outputs=facts.outputs,
            provenance=Provenance(
                source_name=job.source.name,
                source_sha256=sha256_of(job.source),
                recipe=job.recipe_name,
                calibration=job.photos.source if job.photos is not None else None,
            ),
        ),
    )


def _search(job: Job, goal: Goal, contract: Contract, progress: Progress) -> Reached:
    if job.photos is None:
        raise UsageError("an accuracy target needs calibration photos")
    evaluation = job.evaluation or job.photos.images
    if goal.kind == "drop" and not evaluation.is_labelled:
        raise UsageError(
            "--max-drop needs labelled images", hint="give --eval, or use --min-agreement"
        )
    graph = read_float(job.source)
    store = PixelStore(job.photos.images, contract)
    stock = stock_of(
        graph,
        contract=contract,
        images=store.__iter__,
        recipe=job.recipe,
        total=len(store),
        progress=progress,
    )
    judged = PixelStore(evaluation, contract)
    reference = _scores(job.source.read_bytes(), contract, judged)

    def measure(content: bytes, of_file: Contract) -> Measured:
        ours = _scores(content, of_file, judged)
        return measured(ours, reference, evaluation, goal)

    return meet(stock, job.recipe, goal, measure=measure, timer=_median_ms, progress=progress)


def _scores(content: bytes, contract: Contract, photos: PixelStore) -> FloatArray:
    with Session(content, threads=usable_cpus()) as session:
        return scores_of(session, contract, photos)


def measured(ours: FloatArray, reference: FloatArray, evaluation: ImageSet, goal: Goal) -> Measured:
    """The goal's quantity, with the 95 % interval its number of images allows."""
    if goal.kind == "agreement":
        rate = agreement(ours, reference)
        low, high = rate.interval
        return Measured(value=rate.value, low=low, high=high)
    labels = np.array([item.label for item in evaluation], np.int64)
    lost = (reference.argmax(axis=1) == labels).astype(float) - (ours.argmax(axis=1) == labels)
    drop = float(lost.mean())
    # Both models saw the same images, so the spread is that of the differences.
    spread = 1.96 * float(lost.std()) / len(labels) ** 0.5
    return Measured(value=drop, low=drop - spread, high=drop + spread)


def _median_ms(files: Mapping[str, bytes]) -> dict[str, float]:
    latencies = time_models(files, plan=TIMING)
    return {name: found.summary.p50_ms for name, found in latencies.items()}
