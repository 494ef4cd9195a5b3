"""A float `.tflite` to a quantized one with its card: what `edgevision quantize` does."""

from dataclasses import dataclass
from pathlib import Path

from edgevision.artifact.card import Card, Provenance
from edgevision.artifact.facts import Facts, facts_of
from edgevision.artifact.model import read_model
from edgevision.artifact.package import write_card
from edgevision.artifact.reading import read_card
from edgevision.dataset.imageset import ImageSet
from edgevision.errors import UsageError
from edgevision.files import sha256_of, write_bytes
from edgevision.pipeline.integer import Work, make_quantized
from edgevision.pipeline.pixel_store import PixelStore
from edgevision.pipeline.plan import Photos
from edgevision.preprocess.contract import Contract
from edgevision.preprocess.preprocessing import Preprocessing, nothing_said
from edgevision.progress import Progress, silent
from edgevision.quantize.quantize import QuantizedModel
from edgevision.quantize.target import Goal, Reached
from edgevision.recipe.recipe import Recipe
from edgevision.verify.check import Asked, check_file


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
    source = job.source.read_bytes()
    store = None if job.photos is None else PixelStore(job.photos.images, contract)
    judged = store if job.evaluation is None else PixelStore(job.evaluation, contract)
    model, reached = make_quantized(
        Work(
            content=source,
            contract=contract,
            calibration=store,
            goal=job.goal,
            judged=judged,
            never_slower=job.never_slower,
        ),
        job.recipe,
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
