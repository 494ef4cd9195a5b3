"""Packaging one file: its card, the file written and read back, held against what was asked."""

from pathlib import Path

from edgevision.bench.timing.latency import Latency
from edgevision.bench.timing.ratio import ratio_of
from edgevision.card.card import Card, Provenance
from edgevision.card.tools import tool_versions
from edgevision.card.write import write_card
from edgevision.convert.convert import ConvertedModel
from edgevision.dataset.imageset import ImageSet
from edgevision.evaluation.compare import compare
from edgevision.files import sha256_of, write_bytes
from edgevision.keras_model.archive import digest_of
from edgevision.pipeline.candidates.candidate import Candidate
from edgevision.pipeline.candidates.card_figures import card_figures
from edgevision.pipeline.report import Variant
from edgevision.pipeline.request import OptimizeRequest
from edgevision.runtime.loader import load_runtime
from edgevision.tasks.task import Task
from edgevision.tflite.facts import facts_of
from edgevision.tflite.read import read_model
from edgevision.verify.check import asked_by, check_file


def package(
    candidate: Candidate,
    reference: Candidate,
    *,
    task: Task,
    plan: OptimizeRequest,
    converted: ConvertedModel,
    photos: ImageSet,
    latencies: dict[str, Latency],
    folder: Path,
) -> Variant:
    """Write `candidate` with its card into `folder`; all that is known of the written file.

    Raises:
        VerificationError: read back, it is not what was asked for.
        EdgeVisionError: it cannot be written.
    """
    is_float = candidate is reference
    comparison = None
    if not is_float:
        comparison = compare(
            task, candidate.answers, reference.answers, evaluated=reference.evaluation
        )
    evaluation = candidate.evaluation if comparison is None else comparison.ours
    facts = facts_of(read_model(candidate.content))
    card = Card(
        name=plan.source.stem,
        preprocessing=candidate.preprocessing,
        task=task.spec,
        precision=facts.precision,
        inputs=facts.inputs,
        outputs=facts.outputs,
        provenance=_provenance(candidate, plan, converted),
        figures=card_figures(
            photos.name,
            len(photos),
            evaluation,
            comparison,
            float_bytes=len(reference.content),
        ),
    )
    path = folder / f"{candidate.name}.tflite"
    write_bytes(path, write_card(candidate.content, card), overwrite=True)
    written = facts_of(read_model(path))
    check_file(written, asked_by(candidate.recipe, candidate.skipped, allow_flex=plan.allow_flex))
    own = latencies[candidate.name]
    return Variant(
        file=path.name,
        sha256=sha256_of(path),
        facts=written,
        card=card,
        latency=own,
        ratio=None if is_float else ratio_of(latencies[reference.name], own),
        evaluation=evaluation,
        comparison=comparison,
        skipped=tuple(candidate.skipped),
        reached=candidate.reached,
    )


def _provenance(
    candidate: Candidate, plan: OptimizeRequest, converted: ConvertedModel
) -> Provenance:
    recipe = candidate.recipe
    is_calibrated = recipe is not None and recipe.is_integer
    # Calibration runs the float model.
    runtime = (load_runtime().package,) if is_calibrated else ()
    return Provenance(
        source_name=plan.source.name,
        source_sha256=digest_of(plan.source),
        recipe=candidate.name,
        calibration=plan.calibration.source if plan.calibration and is_calibrated else None,
        tools=tool_versions(*runtime, before=converted.versions.items()),
    )
