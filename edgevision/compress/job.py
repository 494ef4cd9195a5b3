"""What the child process is asked to do and what it answers: plain values that travel as JSON."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from edgevision.compress.masking_plan import MaskingPlan
from edgevision.compress.plan import Plan, Target
from edgevision.compress.training import Training, Weights
from edgevision.errors import (
    EdgeVisionError,
    ImageSetError,
    MissingDependencyError,
    ModelError,
    TargetMissedError,
    UsageError,
)
from edgevision.preprocess.preprocessing import Preprocessing

_ERRORS: Mapping[str, type[EdgeVisionError]] = {
    kind.__name__: kind
    for kind in (
        EdgeVisionError,
        ImageSetError,
        MissingDependencyError,
        ModelError,
        TargetMissedError,
        UsageError,
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Learning:
    """What to fine-tune on, and how."""

    images: str
    """Path of an image set."""

    labels: str | None
    """Path of its labels.csv, when it lies elsewhere; None for what the set has itself."""

    preprocessing: Preprocessing
    training: Training


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One run, as handed to the child."""

    source: str
    output: str | None
    """The `.keras` file to write; None to predict only."""

    plan: Plan | MaskingPlan
    steps: int = 1
    """Rounds of removing and fine-tuning on the way to the target."""

    learning: Learning | None = None
    checkpoints: str | None = None
    """Folder for the state of an interrupted run."""

    ladder: tuple[float, ...] = ()
    """Shares to predict for, when there is no output."""


def job_to_json(job: Job) -> str:
    """A job as text."""
    return json.dumps({**asdict(job), "masking": isinstance(job.plan, MaskingPlan)})


def job_from_json(text: str) -> Job:
    """The job that `job_to_json` wrote."""
    fields = json.loads(text)
    plan = fields.pop("plan")
    if fields.pop("masking"):
        made: Plan | MaskingPlan = MaskingPlan(**plan)
    else:
        target = Target(**plan.pop("target"))
        made = Plan(target=target, keep=tuple(plan.pop("keep")), **plan)
    learning = fields.pop("learning")
    ladder = tuple(fields.pop("ladder"))
    return Job(plan=made, learning=_learning(learning), ladder=ladder, **fields)


def _learning(fields: dict[str, Any] | None) -> Learning | None:
    if fields is None:
        return None
    said: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in fields.pop("preprocessing").items()
    }
    training = fields.pop("training")
    weights = Weights(**training.pop("weights"))
    return Learning(
        preprocessing=Preprocessing(**said),
        training=Training(weights=weights, **training),
        **fields,
    )


def error_to_dict(error: EdgeVisionError) -> dict[str, str]:
    """An error as JSON values, under the nearest class that the parent knows."""
    kind = next(kind.__name__ for kind in type(error).__mro__ if kind.__name__ in _ERRORS)
    return {"kind": kind, "message": str(error), "hint": error.hint}


def error_from_dict(fields: Mapping[str, str]) -> EdgeVisionError:
    """The error that `error_to_dict` wrote."""
    return _ERRORS[fields["kind"]](fields["message"], hint=fields["hint"])
