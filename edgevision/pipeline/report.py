"""What `optimize` made and measured, as values and as the JSON of report.json."""

from dataclasses import asdict, dataclass
from typing import Any

from edgevision.bench.timing.latency import Latency
from edgevision.bench.timing.ratio import Ratio
from edgevision.card.card import Card
from edgevision.card.json_form import card_to_plain
from edgevision.evaluation.compare import Comparison
from edgevision.evaluation.document import agreement_document, evaluation_document
from edgevision.preprocess.auto import PreprocessingChoice
from edgevision.quantize.assign.integer_part import FloatOperator
from edgevision.quantize.search.accuracy_target import TargetSearch
from edgevision.tasks.figures import Agreement, Evaluation
from edgevision.tasks.resolve import ResolvedTask
from edgevision.tflite.facts import Facts

SCHEMA_VERSION = 1
"""Of report.json. 1: first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One file of the folder, and all that is known of it."""

    file: str
    sha256: str
    facts: Facts
    card: Card
    latency: Latency
    ratio: Ratio | None
    """Its latency over that of float32.tflite; None for that file itself."""
    evaluation: Evaluation | None
    """What its task measures against truth; None without."""
    comparison: Comparison | None
    """With the float file; None for that file itself."""
    skipped: tuple[FloatOperator, ...]
    """Operations left in floating point, with the reason."""
    reached: TargetSearch | None = None
    """The search for the accuracy target; None without one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OptimizeReport:
    """The whole run."""

    source: str
    proof: str
    """Name of the image set that the figures are about."""
    proof_role: str
    """ "evaluation", or "calibration" when there was no other: then the figures flatter."""
    images: int
    target: str
    """Where the files were timed: "local", "ssh://pi@host", "adb:SERIAL"."""
    task: ResolvedTask
    """What the outputs were taken for, and why."""
    choice: PreprocessingChoice | None
    """What `--preprocess auto` chose, and from what; None when it was declared."""
    variants: tuple[Variant, ...]
    """float32 first."""
    stripped: tuple[str, ...]
    """Keras layers that only work in training and were left out."""
    warnings: tuple[str, ...]
    seconds: tuple[tuple[str, float], ...]
    """(stage, seconds)."""

    @property
    def missed(self) -> tuple[Variant, ...]:
        """Files that are the best found, and not good enough."""
        return tuple(one for one in self.variants if one.reached and not one.reached.met)


def report_to_dict(report: OptimizeReport) -> dict[str, Any]:
    """The report as plain JSON values."""
    return {
        "schema_version": SCHEMA_VERSION,
        "source": report.source,
        "proof": {
            "set": report.proof,
            "role": report.proof_role,
            "images": report.images,
        },
        "task": {
            "kind": report.task.task.spec.kind,
            "reason": report.task.reason,
            "declared": report.task.is_declared,
        },
        "auto_preprocessing": None if report.choice is None else _choice_to_dict(report.choice),
        "files": [_variant_to_dict(variant, report.target) for variant in report.variants],
        "left_out_layers": list(report.stripped),
        "warnings": list(report.warnings),
        "seconds": dict(report.seconds),
    }


def _choice_to_dict(choice: PreprocessingChoice) -> dict[str, Any]:
    ranking = sorted(choice.trials, key=lambda trial: -trial.accuracy)
    return {
        "chosen": choice.winner.name,
        "images": len(choice.winner.correct),
        "scores": [{"preprocessing": one.name, "top1": one.accuracy} for one in ranking],
    }


def _variant_to_dict(variant: Variant, target: str) -> dict[str, Any]:
    facts, summary = variant.facts, variant.latency.summary
    return {
        "file": variant.file,
        "sha256": variant.sha256,
        "size_bytes": facts.size_bytes,
        "precision": facts.precision,
        "inputs": [asdict(tensor) for tensor in facts.inputs],
        "outputs": [asdict(tensor) for tensor in facts.outputs],
        "integer_operations": facts.integer_ops,
        "computing_operations": len(facts.computing),
        "multiply_adds": facts.multiply_adds,
        "integer_multiply_adds": facts.integer_multiply_adds,
        "left_in_float": [asdict(skipped) for skipped in variant.skipped],
        "latency": {
            "target": target,
            "runtime": variant.latency.runtime,
            "threads": variant.latency.threads,
            **asdict(summary),
        },
        "latency_ratio": None if variant.ratio is None else asdict(variant.ratio),
        "top1": _rate(variant.evaluation, "top1"),
        "against_float": None
        if variant.comparison is None
        else _comparison_to_dict(variant.comparison, variant.card.labels),
        "evaluation": None
        if variant.evaluation is None
        else evaluation_document(variant.evaluation),
        "agreement": None
        if variant.comparison is None
        else agreement_document(variant.comparison.agreement),
        "target": None if variant.reached is None else target_search_to_dict(variant.reached),
        "card": card_to_plain(variant.card),
    }


def target_search_to_dict(reached: TargetSearch) -> dict[str, Any]:
    """A search for an accuracy target as plain JSON values."""
    return {
        "met": reached.met,
        "trials": [asdict(trial) for trial in reached.trials],
        "hurting": list(reached.hurting),
    }


def _comparison_to_dict(found: Comparison, labels: tuple[str, ...]) -> dict[str, Any]:
    """What classifiers have; null for the rest, whose figures are under "agreement"."""
    divergence = found.agreement.metric("mean_kl")
    drops = found.paired.class_drops if found.paired is not None else ()
    return {
        "agreement": _rate(found.agreement, "agreement"),
        "mean_kl": None
        if divergence is None or divergence.unit != "nats"
        else divergence.estimate.value,
        "top1": _both_rates(found, "top1"),
        "top5": _both_rates(found, "top5"),
        "class_drops": [
            {
                "label": drop.label,
                "name": labels[drop.label] if drop.label < len(labels) else "",
                "drop": drop.drop,
                "images": drop.support,
            }
            for drop in drops
            if drop.drop != 0
        ],
    }


def _both_rates(found: Comparison, name: str) -> list[dict[str, Any] | None] | None:
    ours, reference = _rate(found.ours, name), _rate(found.reference, name)
    return None if ours is None else [ours, reference]


def _rate(found: Evaluation | Agreement | None, name: str) -> dict[str, Any] | None:
    metric = None if found is None else found.metric(name)
    # Another task may call what is no share so.
    if metric is None or metric.unit != "share":
        return None
    known = metric.estimate
    return {
        "value": known.value,
        "hits": known.hits,
        "images": known.count,
        "low": known.low,
        "high": known.high,
    }
