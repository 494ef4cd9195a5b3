"""Magnitude pruning of a model from job to report."""

from pathlib import Path
from typing import Any

from edgevision.compress.finetune.examples import Examples
from edgevision.compress.finetune.fine_tune import FineTuned, fine_tune, steps_of
from edgevision.compress.graph.channel_graph import build_graph
from edgevision.compress.graph.cost import ModelCost, cost_model
from edgevision.compress.graph.removal import rebuild
from edgevision.compress.graph.trace import trace
from edgevision.compress.job import PruneJob
from edgevision.compress.masking.masks import Masker, mask_once, masked_kernels, sparsity_of
from edgevision.compress.masking.plan import MaskingPlan
from edgevision.compress.masking.schedules import schedule_for
from edgevision.compress.report import PruneReport, Totals, TrainingRow
from edgevision.errors import ModelError
from edgevision.progress import Progress


def mask_model(
    model: Any, job: PruneJob, examples: Examples | None, progress: Progress
) -> PruneReport:
    """Zero the smallest weights of a copy of `model` and save it; train it, given examples.

    Raises:
        ModelError: no kernel of the model can be masked.
        MissingDependencyError: TF-MOT is needed for its schedules and not there.
    """
    plan = job.plan
    assert isinstance(plan, MaskingPlan)  # noqa: S101 - the caller has looked
    if not masked_kernels(model, plan):
        message = f"{model.name} has no kernel to set zeros in"
        raise ModelError(message, hint="2:4 needs input channels in multiples of 4")
    traced = trace(model)
    masked = rebuild(traced, changes={}, cuts={})
    trainings: list[TrainingRow] = []
    if examples is None or job.learning is None:
        mask_once(masked, plan)
    else:
        training = job.learning.training
        steps = steps_of(examples, training)
        total = steps * training.epochs
        masker = Masker(plan, schedule_for(plan, total))
        tuned = fine_tune(
            masked,
            model,
            examples,
            training,
            checkpoint=None if job.checkpoints is None else Path(job.checkpoints) / "masked.npz",
            after_step=masker.after_step,
            # Before that there are too few zeros for an epoch to be the result.
            best_after=round(plan.end * total),
            progress=progress,
        )
        trainings.append(training_row(tuned))
    graph = build_graph(traced)
    cost = totals(cost_model(graph).cost(graph.full_mask()))
    if job.output is not None:
        masked.save(job.output)
    return PruneReport(
        before=cost,
        fractions=(plan.sparsity,),
        after=(cost,),
        layers=(),
        trainings=tuple(trainings),
        sparsity=sparsity_of(masked, plan),
    )


def training_row(tuned: FineTuned) -> TrainingRow:
    """A fine-tuning as the report has it."""
    return TrainingRow(
        score_name=tuned.score_name,
        score_before=tuned.score_before,
        score=tuned.score,
        epochs=len(tuned.epochs),
        best_epoch=tuned.best_epoch,
        training_images=tuned.training_images,
        held_out_images=tuned.held_out_images,
    )


def totals(cost: ModelCost) -> Totals:
    """The sums of a cost."""
    return Totals(parameters=cost.parameters, macs=cost.macs, int8_bytes=cost.int8_bytes)
