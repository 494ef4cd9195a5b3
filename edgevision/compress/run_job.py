"""One run of pruning from file to file: what the child process does."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from edgevision.compress.finetune.examples import Examples, examples_of, split
from edgevision.compress.finetune.fine_tune import fine_tune
from edgevision.compress.graph.channel_graph import ChannelGraph, LayerWidth
from edgevision.compress.graph.cost import ModelCost, by_layer
from edgevision.compress.importance.gradients import gradients_on
from edgevision.compress.importance.reconstruction import images_for
from edgevision.compress.importance.scores import Scores, taylor_scores
from edgevision.compress.job import Learning, PruneJob
from edgevision.compress.load import load_keras
from edgevision.compress.masking.mask_model import mask_model, totals, training_row
from edgevision.compress.plan import PruningPlan, step_plans
from edgevision.compress.prune import CostPoint, Feature, LatencyMs, Pruned, cost_curve, prune
from edgevision.compress.report import LayerRow, PruneReport, TrainingRow
from edgevision.dataset.formats.open_set import open_image_set
from edgevision.errors import UsageError
from edgevision.progress import Progress
from edgevision.tensors import FloatArray


def run_job(job: PruneJob, *, progress: Progress, latency_ms: LatencyMs | None) -> PruneReport:
    """Do `job`.

    Raises:
        ModelError: the model cannot be loaded, or nothing in it can be removed.
        ImageSetError: the training images are bad.
        UsageError: something needed was not given, or a checkpoint is another run's.
        TargetMissedError: the target cannot be reached.
        MissingDependencyError: TF-MOT is needed and not there.
    """
    model = load_keras(
        Path(job.source), custom_objects=job.custom_objects, folder=job.working_directory
    )
    if not isinstance(job.plan, PruningPlan):
        return mask_model(model, job, _examples(model, job.learning, progress), progress)
    if job.output is None:
        return _predicted(model, job.plan, job.predicted)
    examples = _examples(model, job.learning, progress)
    smaller, first, last, trainings = model, None, None, []
    feature: Feature | None = None
    warnings: dict[str, None] = {}
    for step, plan in enumerate(step_plans(job.plan, job.steps)):
        score = _score(smaller, plan, examples, progress)
        pruned = prune(
            smaller,
            plan,
            score=score,
            latency_ms=latency_ms,
            refit_on=_refitting_images(examples, job.learning),
            progress=progress,
        )
        feature = _composed(feature, pruned.feature) if step else pruned.feature
        smaller, first, last = pruned.model, first or pruned, pruned
        warnings.update(dict.fromkeys(pruned.warnings))
        if examples is not None and job.learning is not None:
            tuned = fine_tune(
                smaller,
                model,
                examples,
                job.learning.training,
                feature=feature,
                checkpoint=_checkpoint(job, step),
                progress=progress,
            )
            trainings.append(training_row(tuned))
    assert first is not None  # noqa: S101 - there is one step or more
    assert last is not None  # noqa: S101
    smaller.save(job.output)
    report = _report_of(job.plan, first, last, tuple(trainings))
    return replace(report, warnings=tuple(warnings))


def _examples(model: Any, learning: Learning | None, progress: Progress) -> Examples | None:
    if learning is None:
        return None
    shapes = [tensor.shape for tensor in model.inputs]
    if len(shapes) != 1 or len(shapes[0]) != 4 or None in shapes[0][1:]:
        message = f"fine-tuning needs a model with one image of fixed size as input, not {shapes}"
        raise UsageError(message, hint="leave --train away and train the smaller model yourself")
    _, height, width, channels = shapes[0]
    preprocessing = learning.preprocessing.preprocessing(
        width=width, height=height, channels=channels
    )
    labels = None if learning.labels is None else Path(learning.labels)
    images = open_image_set(Path(learning.images), labels=labels)
    return examples_of(images, preprocessing, progress=progress)


def _refitting_images(examples: Examples | None, learning: Learning | None) -> FloatArray | None:
    if examples is None or learning is None:
        return None
    training = learning.training
    # Not those held out: they are to tell how it goes on images the model has not seen.
    seen, _ = split(examples, training.held_out, training.seed)
    count = images_for(examples.preprocessing.height, examples.preprocessing.width)
    return examples.some(count, among=seen)


def _score(
    model: Any, plan: PruningPlan, examples: Examples | None, progress: Progress
) -> Callable[[ChannelGraph], Scores] | None:
    if plan.importance != "taylor" or examples is None:
        return None
    gradients = gradients_on(model, examples, progress=progress)
    return lambda graph: taylor_scores(graph, gradients)


def _composed(before: Feature | None, now: Feature | None) -> Feature | None:
    """Which of the original's channels are left after another step."""
    if before is None or now is None or before.layer != now.layer:
        return None
    return Feature(layer=now.layer, channels=before.channels[now.channels])


def _checkpoint(job: PruneJob, step: int) -> Path | None:
    return None if job.checkpoints is None else Path(job.checkpoints) / f"step-{step + 1}.npz"


def _predicted(model: Any, plan: PruningPlan, fractions: tuple[float, ...]) -> PruneReport:
    found = cost_curve(model, plan, (0.0, *fractions))
    whole, *others = found.points
    return PruneReport(
        before=totals(whole.cost),
        fractions=tuple(point.fraction for point in others),
        after=tuple(totals(point.cost) for point in others),
        layers=_rows(whole.cost, found.widths, others),
        out_of_reach=found.out_of_reach,
    )


def _report_of(
    plan: PruningPlan, first: Pruned, last: Pruned, trainings: tuple[TrainingRow, ...]
) -> PruneReport:
    fraction = plan.target.fraction
    point = CostPoint(fraction=fraction, cost=last.after, widths=last.widths_after)
    return PruneReport(
        before=totals(first.before),
        fractions=(fraction,),
        after=(totals(last.after),),
        layers=_rows(first.before, first.widths_before, [point]),
        trainings=trainings,
    )


def _rows(
    before: ModelCost, widths: tuple[LayerWidth, ...], points: list[CostPoint]
) -> tuple[LayerRow, ...]:
    places = {width.layer: place for place, width in enumerate(widths)}
    after = [by_layer(point.cost) for point in points]
    rows = []
    for layer in before.layers:
        if not layer.parameters:
            continue
        place = places.get(layer.layer)
        width = None if place is None else widths[place]
        rows.append(
            LayerRow(
                layer=layer.layer,
                what=layer.what,
                channels=None if width is None else width.channels,
                channels_left=() if place is None else tuple(r.widths[place] for r in points),
                parameters=layer.parameters,
                parameters_left=tuple(cost[layer.layer].parameters for cost in after),
                macs=layer.macs,
                macs_left=tuple(cost[layer.layer].macs for cost in after),
                stays_because=() if width is None else width.reasons,
            )
        )
    return tuple(rows)
