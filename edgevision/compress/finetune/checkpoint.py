"""The state of a training run after an epoch, on disk, so that an interrupted run goes on."""

import json
import zipfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from edgevision.errors import UsageError
from edgevision.files import replacing


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch:
    """One pass over the training images."""

    loss: float
    """Mean over its steps."""

    score: float
    """On the held-out images afterwards; higher is better."""


class Trained(Protocol):
    """What is in training: see `learner.Learner`."""

    student: Any

    @property
    def variables(self) -> list[Any]:
        """All that changes in training."""


@dataclass(slots=True, kw_only=True)
class Checkpoint:
    """How far a run has come."""

    fingerprint: str
    """Describes the run: only the same run can be continued."""

    epochs: list[Epoch] = field(default_factory=list)
    best_epoch: int = 0
    """From 1; 0 as long as none was better than the model as it came."""

    best_score: float = float("-inf")
    score_before: float | None = None
    best_weights: list[NDArray[Any]] = field(default_factory=list)

    @classmethod
    def open(cls, path: Path | None, learner: Trained, fingerprint: str) -> "Checkpoint":
        """The state kept in `path`, handed over to `learner`; a fresh one when there is no file.

        Raises:
            UsageError: the file belongs to another run, or cannot be read.
        """
        fresh = cls(
            fingerprint=fingerprint,
            best_weights=[np.asarray(weight) for weight in learner.student.weights],
        )
        if path is None or not path.exists():
            return fresh
        remove = f"remove {path} to start again"
        try:
            with np.load(path) as file:
                facts = json.loads(str(file["facts"]))
                variables = [file[f"variable{i}"] for i in range(facts["variables"])]
                best = [file[f"best{i}"] for i in range(len(fresh.best_weights))]
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            message = f"the checkpoint {path} cannot be read: {error}"
            raise UsageError(message, hint=remove) from error
        if facts["fingerprint"] != fingerprint:
            message = f"the checkpoint {path} belongs to a run with other settings or images"
            raise UsageError(message, hint=f"repeat them, or {remove}")
        for variable, value in zip(learner.variables, variables, strict=True):
            variable.assign(value)
        return cls(
            fingerprint=fingerprint,
            epochs=[Epoch(**epoch) for epoch in facts["epochs"]],
            best_epoch=facts["best_epoch"],
            best_score=facts["best_score"],
            score_before=facts["score_before"],
            best_weights=best,
        )

    def add(self, epoch: Epoch, learner: Trained, *, counts: bool) -> None:
        """Note an epoch; keep its weights when it counts and is the best so far."""
        self.epochs.append(epoch)
        if counts and epoch.score >= self.best_score:
            self.best_score = epoch.score
            self.best_epoch = len(self.epochs)
            self.best_weights = [np.asarray(weight) for weight in learner.student.weights]

    def save(self, path: Path, learner: Trained) -> None:
        """Write the state to `path`, as a whole or not at all."""
        variables = [np.asarray(variable) for variable in learner.variables]
        facts = {
            "fingerprint": self.fingerprint,
            "epochs": [asdict(epoch) for epoch in self.epochs],
            "best_epoch": self.best_epoch,
            "best_score": self.best_score,
            "score_before": self.score_before,
            "variables": len(variables),
        }
        arrays: dict[str, Any] = {f"variable{i}": value for i, value in enumerate(variables)}
        arrays |= {f"best{i}": value for i, value in enumerate(self.best_weights)}
        arrays["facts"] = np.array(json.dumps(facts))
        with replacing(path, overwrite=True) as temporary, temporary.open("wb") as file:
            np.savez(file, **arrays)

    def give_best(self, model: Any) -> None:
        """Set the weights of the best epoch in `model`."""
        model.set_weights(self.best_weights)
