"""A float `.tflite` to a quantized one with its card: what `edgevision quantize` does."""

from dataclasses import dataclass, field
from pathlib import Path

from edgevision.bench.remote.dispatch import Access
from edgevision.bench.remote.target import Target
from edgevision.card.card import Card, Provenance
from edgevision.card.model_io import model_io_of
from edgevision.card.read import read_card
from edgevision.card.tools import tool_versions
from edgevision.card.write import write_card
from edgevision.dataset.imageset import ImageSet
from edgevision.evaluation.choose_task import choose_task
from edgevision.files import replacing, sha256_of
from edgevision.pipeline.integer import QuantizeInputs, make_quantized
from edgevision.pipeline.latency_meter import LatencyMeter
from edgevision.pipeline.pixel_store import PixelStore
from edgevision.pipeline.request import Photos
from edgevision.preprocess.declared import Preprocessing
from edgevision.progress import Progress, silent
from edgevision.quantize.quantize import QuantizedModel
from edgevision.quantize.search.accuracy_target import AccuracyTarget, TargetSearch
from edgevision.recipe.recipe import Recipe
from edgevision.runtime.loader import load_runtime
from edgevision.tasks.of_file import interface_of_file
from edgevision.tasks.spec import TaskSpec
from edgevision.tasks.task import Task
from edgevision.tflite.facts import Facts, facts_of
from edgevision.tflite.read import read_content, read_model
from edgevision.verify.check import asked_by, check_file


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantizeRequest:
    """What `quantize` is asked to do."""

    source: Path
    output: Path
    recipe: Recipe
    recipe_name: str
    photos: Photos | None
    """Calibration photos; None only for precisions that need none."""
    declared: Preprocessing
    """How pixels become input, in place of what the source's card says."""
    without_card: Preprocessing
    """How pixels become input when the source has no card."""
    labels: tuple[str, ...] = ()
    task: TaskSpec | None = None
    """What the outputs mean; None: as the source's card says, or as far as it tells itself."""
    goal: AccuracyTarget | None = None
    evaluation: ImageSet | None = None
    """Photos the goal must hold on."""
    never_slower: bool = True
    """Time int8 against float on `target`, and leave slow operators in float where that is
    faster; nothing without a target, or for a file that is to be full integer."""
    target: Target | None = None
    """The device, whose times decide. None: nothing is timed, so that the file does not depend on
    the machine that makes it."""
    access: Access = field(default_factory=Access)
    """How to get at it."""
    overwrite: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantizedFile:
    """What was written."""

    model: QuantizedModel
    facts: Facts
    reached: TargetSearch | None
    """The search for the goal; None without one."""


def quantize_file(request: QuantizeRequest, *, progress: Progress = silent) -> QuantizedFile:
    """Quantize, package and check the file that `request` asks for.

    A goal that is missed leaves the best file found, and `QuantizedFile.reached.met` False.

    Raises:
        UsageError: the output exists, or nothing says how pixels become input.
        ImageSetError: images are bad or missing.
        ModelError: the source is damaged, quantized already or not a model of one image.
        DeviceError: the device that files are timed on cannot be used.
        VerificationError: the written file is not what was asked for.
    """
    card = read_card(request.source)
    use = model_io_of(request.source, request.declared, without_card=request.without_card)
    preprocessing = use.preprocessing
    task = choose_task(
        interface_of_file(read_model(request.source), preprocessing),
        declared=request.task,
        card=use.task,
        labels=request.labels,
        images=request.evaluation
        or (request.photos.images if request.photos is not None else None),
    ).task
    store = None if request.photos is None else PixelStore(request.photos.images, preprocessing)
    evaluation = (
        store if request.evaluation is None else PixelStore(request.evaluation, preprocessing)
    )
    latency_meter = None
    if request.target is not None:
        latency_meter = LatencyMeter(target=request.target, access=request.access)
        latency_meter.try_out(request.source)
    model, reached = make_quantized(
        QuantizeInputs(
            content=read_content(request.source),
            task=task,
            preprocessing=preprocessing,
            calibration=store,
            goal=request.goal,
            evaluation=evaluation,
            never_slower=request.never_slower,
            latency_meter=latency_meter,
        ),
        request.recipe,
        progress=progress,
    )
    packaged = _packaged(request, model, task, card)
    with replacing(request.output, overwrite=request.overwrite) as temporary:
        temporary.write_bytes(packaged)
        facts = facts_of(read_model(temporary))
        # Before it takes the place of an earlier file.
        check_file(facts, asked_by(request.recipe, model.skipped))
    return QuantizedFile(model=model, facts=facts, reached=reached)


def _packaged(
    request: QuantizeRequest, model: QuantizedModel, task: Task, card: Card | None
) -> bytes:
    facts = facts_of(read_model(model.content))
    # Calibration runs the float model.
    runtime = (load_runtime().package,) if request.photos is not None else ()
    return write_card(
        model.content,
        Card(
            name=card.name if card is not None else request.source.stem,
            preprocessing=model.preprocessing,
            task=task.spec,
            precision=facts.precision,
            inputs=facts.inputs,
            outputs=facts.outputs,
            provenance=Provenance(
                source_name=request.source.name,
                source_sha256=sha256_of(request.source),
                recipe=request.recipe_name,
                calibration=request.photos.source if request.photos is not None else None,
                tools=tool_versions(
                    *runtime, before=card.provenance.tools if card is not None else ()
                ),
            ),
        ),
    )
