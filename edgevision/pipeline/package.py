"""Packaging one file: its card, the file written and read back, held against what was asked."""

from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from edgevision.bench.timing.latency import Latency
from edgevision.bench.timing.ratio import ratio_of
from edgevision.card.card import Card, Figures, Provenance
from edgevision.card.write import write_card
from edgevision.convert.convert import ConvertedModel
from edgevision.dataset.imageset import ImageSet
from edgevision.files import sha256_of, write_bytes
from edgevision.keras_model.archive import digest_of
from edgevision.metrics.classification import top_k_accuracy
from edgevision.pipeline.asked import asked_by
from edgevision.pipeline.candidate import Candidate
from edgevision.pipeline.report import Variant
from edgevision.pipeline.request import OptimizeRequest
from edgevision.pipeline.sanity_checks import names_needed
from edgevision.tflite.facts import Facts, facts_of
from edgevision.tflite.view import read_model
from edgevision.verify.agreement import Comparison, compare
from edgevision.verify.check import check_file


def package(
    candidate: Candidate,
    reference: Candidate,
    *,
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
    comparison = None if is_float else compare(candidate.answers, reference.answers)
    facts = facts_of(read_model(candidate.content))
    card = Card(
        kind="classification",
        name=plan.source.stem,
        preprocessing=candidate.preprocessing,
        labels=_labels(plan, photos, facts),
        activation=converted.activation,
        precision=facts.precision,
        inputs=facts.inputs,
        outputs=facts.outputs,
        provenance=_provenance(candidate, plan, converted),
        figures=_figures(candidate, photos, comparison, len(reference.content)),
    )
    path = folder / f"{candidate.name}.tflite"
    write_bytes(path, write_card(candidate.content, card), overwrite=True)
    written = facts_of(read_model(path))
    check_file(written, asked_by(candidate.recipe, candidate.skipped, allow_flex=plan.allow_flex))
    own = latencies[candidate.name]
    labels = candidate.answers.labels
    return Variant(
        file=path.name,
        sha256=sha256_of(path),
        facts=written,
        card=card,
        latency=own,
        ratio=None if is_float else ratio_of(latencies[reference.name], own),
        accuracy=None if labels is None else top_k_accuracy(candidate.answers.scores, labels),
        comparison=comparison,
        skipped=tuple(candidate.skipped),
        reached=candidate.reached,
    )


def _labels(plan: OptimizeRequest, photos: ImageSet, facts: Facts) -> tuple[str, ...]:
    """Class names as given, else those of the photos when there is one for each output."""
    classes = facts.outputs[0].shape[-1] if facts.outputs[0].shape else 1
    fits = len(photos.classes) == names_needed(classes)
    return plan.labels or (photos.classes if fits else ())


def _figures(
    candidate: Candidate, photos: ImageSet, comparison: Comparison | None, float_bytes: int
) -> Figures:
    figures = Figures(evaluation=photos.name, images=len(photos))
    answers = candidate.answers
    if answers.labels is not None:
        figures = replace(figures, accuracy=top_k_accuracy(answers.scores, answers.labels).value)
    if comparison is None:
        return figures
    figures = replace(
        figures,
        agreement=comparison.agreement.value,
        mean_kl=comparison.mean_kl,
        float_size_bytes=float_bytes,
    )
    if comparison.top1 is not None:
        figures = replace(figures, float_accuracy=comparison.top1[1].value)
    if comparison.top5 is not None:
        ours, of_float = comparison.top5
        figures = replace(figures, top5=ours.value, float_top5=of_float.value)
    return figures


def _provenance(
    candidate: Candidate, plan: OptimizeRequest, converted: ConvertedModel
) -> Provenance:
    recipe = candidate.recipe
    is_calibrated = recipe is not None and recipe.is_integer
    ours = {name: version(name) for name in ("edgevision", "numpy")}
    return Provenance(
        source_name=plan.source.name,
        source_sha256=digest_of(plan.source),
        recipe=candidate.name,
        calibration=plan.calibration.source if plan.calibration and is_calibrated else None,
        tools=tuple(sorted({**converted.versions, **ours}.items())),
    )
