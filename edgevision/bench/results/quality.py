"""How well a model answers, by its task, and how far it is from the first model of the run."""

from dataclasses import dataclass
from typing import Any

from edgevision.evaluation.document import (
    agreement_document,
    evaluation_document,
    paired_document,
)
from edgevision.evaluation.read_document import read_agreement, read_evaluation, read_paired
from edgevision.serialization.decode import from_plain
from edgevision.serialization.limits import OWN, Limits
from edgevision.tasks.figures import Agreement, Evaluation, Metric, Paired


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """One model on one image set."""

    task: str
    """Kind of the task that it was evaluated by: "classification", "tensors", ..."""
    images: int
    evaluation: Evaluation | None = None
    """None where the images lack the truth that the task is evaluated on."""
    base: str | None = None
    """Name of the model that the two below are against; None for the first one, which has none."""
    agreement: Agreement | None = None
    paired: Paired | None = None
    """None without truth, as `evaluation`."""

    @property
    def headline(self) -> Metric | None:
        """The one figure: against truth, else agreement; None for a first model without truth."""
        if self.evaluation is not None:
            return self.evaluation.headline
        return self.agreement.headline if self.agreement is not None else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plain:
    task: str
    images: int
    evaluation: dict[str, Any] | None = None
    base: str | None = None
    agreement: dict[str, Any] | None = None
    paired: dict[str, Any] | None = None


def quality_document(quality: Quality) -> dict[str, Any]:
    """{"task", "images", "evaluation", "base", "agreement", "paired"}, as `evaluation.document`."""
    evaluation, agreement, paired = quality.evaluation, quality.agreement, quality.paired
    return {
        "task": quality.task,
        "images": quality.images,
        "evaluation": None if evaluation is None else evaluation_document(evaluation),
        "base": quality.base,
        "agreement": None if agreement is None else agreement_document(agreement),
        "paired": None if paired is None else paired_document(paired),
    }


def read_quality(plain: object, *, where: str, limits: Limits = OWN) -> Quality:
    """The quality that `quality_document` made `plain` of.

    Raises:
        UsageError: it is none.
    """
    found = from_plain(_Plain, plain, where=where, limits=limits)
    places = {name: f"{where}.{name}" for name in ("evaluation", "agreement", "paired")}
    return Quality(
        task=found.task,
        images=found.images,
        evaluation=None
        if found.evaluation is None
        else read_evaluation(found.evaluation, where=places["evaluation"], limits=limits),
        base=found.base,
        agreement=None
        if found.agreement is None
        else read_agreement(found.agreement, where=places["agreement"], limits=limits),
        paired=None
        if found.paired is None
        else read_paired(found.paired, where=places["paired"], limits=limits),
    )
