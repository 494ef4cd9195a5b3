"""What the child process is asked to do and what it answers: plain values that travel as JSON."""

import json
from dataclasses import asdict, dataclass
from typing import Any

from edgevision.compress.finetune.training import Training, Weights
from edgevision.compress.masking.plan import MaskingPlan
from edgevision.compress.plan import PruningPlan, Target
from edgevision.preprocess.declared import Preprocessing


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
class PruneJob:
    """One run, as handed to the child."""

    source: str
    output: str | None
    """The `.keras` file to write; None to predict only."""

    plan: PruningPlan | MaskingPlan
    steps: int = 1
    """Rounds of removing and fine-tuning on the way to the target."""

    learning: Learning | None = None
    checkpoints: str | None = None
    """Folder for the state of an interrupted run."""

    ladder: tuple[float, ...] = ()
    """Shares to predict for, when there is no output."""

    custom_objects: tuple[str, ...] = ()
    """"module:Name" of classes and functions the user vouches for."""

    working_directory: str = ""
    """Where the user stands: modules of `custom_objects` are looked up there too."""


def job_to_json(job: PruneJob) -> str:
    """A job as text."""
    return json.dumps({**asdict(job), "masking": isinstance(job.plan, MaskingPlan)})


def job_from_json(text: str) -> PruneJob:
    """The job that `job_to_json` wrote."""
    fields = json.loads(text)
    plan = fields.pop("plan")
    if fields.pop("masking"):
        made: PruningPlan | MaskingPlan = MaskingPlan(**plan)
    else:
        target = Target(**plan.pop("target"))
        made = PruningPlan(target=target, keep=tuple(plan.pop("keep")), **plan)
    learning = fields.pop("learning")
    return PruneJob(
        plan=made,
        learning=_learning(learning),
        ladder=tuple(fields.pop("ladder")),
        custom_objects=tuple(fields.pop("custom_objects")),
        **fields,
    )


def _learning(fields: dict[str, Any] | None) -> Learning | None:
    if fields is None:
        return None
    declared: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in fields.pop("preprocessing").items()
    }
    training = fields.pop("training")
    weights = Weights(**training.pop("weights"))
    return Learning(
        preprocessing=Preprocessing(**declared),
        training=Training(weights=weights, **training),
        **fields,
    )
