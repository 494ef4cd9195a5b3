"""What the child process is asked to do, and what it answers: plain values that travel as JSON."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from edgevision.errors import (
    EdgeVisionError,
    MissingDependencyError,
    ModelError,
    UsageError,
    VerificationError,
)

Loader: TypeAlias = Literal["keras", "tf_keras", "saved_model"]
"""Which library understood the model: Keras 3, Keras 2 as `tf_keras`, or TensorFlow itself."""

LOG = "{log}"
"""Stands for the log's path in the child's messages; the parent knows it."""

_ERRORS: Mapping[str, type[EdgeVisionError]] = {
    kind.__name__: kind
    for kind in (EdgeVisionError, UsageError, MissingDependencyError, ModelError, VerificationError)
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One conversion, as handed to the child."""

    source: str
    output: str
    """The temporary file to fill; the parent moves it into place."""
    folder: str
    """A private folder for the answer and for temporary copies of the model."""
    loader: Loader
    input_shape: tuple[int, int, int] | None = None
    """(height, width, channels) for sides that the model leaves open."""
    custom_objects: tuple[str, ...] = ()
    """"module:Name" of classes and functions the user vouches for."""
    allow_flex: bool = False
    working_directory: str = ""
    """Where the user stands: modules of `custom_objects` are looked up there too."""

    @property
    def answer_path(self) -> Path:
        """The JSON file that the child leaves behind."""
        return Path(self.folder) / "answer.json"

    def write(self, path: Path) -> None:
        """Write this job as JSON."""
        path.write_text(json.dumps(asdict(self)))


def read_job(path: Path) -> Job:
    """The job that `Job.write` left in `path`."""
    fields = json.loads(path.read_text())
    shape = fields["input_shape"]
    fields["input_shape"] = tuple(shape) if shape else None
    fields["custom_objects"] = tuple(fields["custom_objects"])
    return Job(**fields)


def error_to_dict(error: EdgeVisionError) -> dict[str, str]:
    """An error as JSON values."""
    # The nearest class that the parent knows: it may be a subclass.
    kind = next(kind.__name__ for kind in type(error).__mro__ if kind.__name__ in _ERRORS)
    return {
        "kind": kind,
        "message": str(error),
        "hint": error.hint,
    }


def error_from_dict(fields: Mapping[str, Any]) -> EdgeVisionError:
    """The error that `error_to_dict` described."""
    return _ERRORS[str(fields["kind"])](str(fields["message"]), hint=str(fields["hint"]))
