"""How well each model answers, beside the other figures: the same files asked about images here."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from edgevision.bench.results.quality import Quality
from edgevision.bench.results.result import BenchRun
from edgevision.bench.timing.case import Case
from edgevision.dataset.imageset import ImageSet
from edgevision.errors import ModelError
from edgevision.evaluation.compare import compare
from edgevision.evaluation.evaluate import can_evaluate, evaluate
from edgevision.evaluation.run_file import answers_in, task_of_both, task_of_file, task_of_twin
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.progress import Progress, silent
from edgevision.tasks.answers import Answers
from edgevision.tasks.spec import TaskSpec
from edgevision.tasks.task import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationPlan:
    """Images to answer, what the answers mean, and how each model wants the images."""

    images: ImageSet
    preprocessing_of: Callable[[Case], ImagePreprocessing]
    declared: TaskSpec | None = None
    """The task as the user says it; None for what the first model's card or file says."""
    card: TaskSpec | None = None
    """As the first model's card says it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Qualities:
    """What was found of all cases, on one image set."""

    data: str
    """Name of the image set."""
    classes: tuple[str, ...]
    """In index order; empty where the task has none, or nobody named them."""
    of_cases: tuple[Quality, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Answered:
    task: Task
    answers: Answers


def evaluate_cases(
    cases: Sequence[Case], plan: EvaluationPlan, *, progress: Progress = silent
) -> Qualities:
    """The quality of each case, and its change against the first, all by the first one's task.

    Raises:
        ModelError: a model's outputs are none that the task can read, or not those of the first.
        ImageSetError: an image cannot be decoded.
        UsageError: an unknown task is declared.
    """
    first = cases[0]
    task = task_of_file(
        first.content(),
        preprocessing=plan.preprocessing_of(first),
        declared=plan.declared,
        card=plan.card,
        images=plan.images,
    ).task
    known: dict[bytes, _Answered] = {}
    for case in cases:
        content = case.content()
        # A sweep over threads asks the same file; its answers do not depend on them.
        if content not in known:
            known[content] = _answered(case, task, plan, progress)
    base = known[first.content()]
    evaluation = evaluate(task, base.answers) if can_evaluate(task, base.answers) else None
    start = Quality(task=task.spec.kind, images=len(plan.images), evaluation=evaluation)
    found = [start]
    for case in cases[1:]:
        one = known[case.content()]
        fed_by = plan.preprocessing_of(first)
        both = task_of_both(task, one.task, first.content(), fed_by)
        try:
            comparison = compare(both, one.answers, base.answers, evaluated=evaluation)
        except ValueError as error:
            message = f"{case.name} and {first.name} cannot be compared: {error}"
            raise ModelError(message) from error
        found.append(
            replace(
                start,
                evaluation=comparison.ours,
                base=first.name,
                agreement=comparison.agreement,
                paired=comparison.paired,
            )
        )
    return Qualities(data=plan.images.name, classes=task.spec.labels, of_cases=tuple(found))


def _answered(case: Case, task: Task, plan: EvaluationPlan, progress: Progress) -> _Answered:
    preprocessing = plan.preprocessing_of(case)
    own = task_of_twin(task, case.content(), preprocessing)
    with case.open() as session:
        answers = answers_in(
            session,
            preprocessing,
            own,
            plan.images,
            progress=progress,
            stage=f"evaluating {case.name}",
        )
    return _Answered(task=own, answers=answers)


def with_quality(result: BenchRun, found: Qualities) -> BenchRun:
    """The result with the qualities in it, in the order of its models."""
    return replace(
        result,
        data=found.data,
        classes=found.classes,
        models=tuple(
            replace(measured, quality=quality)
            for measured, quality in zip(result.models, found.of_cases, strict=True)
        ),
    )
