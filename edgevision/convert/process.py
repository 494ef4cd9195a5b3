"""The child process that converts: how it is started, now or ahead of its request."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from edgevision.keras_model import child
from edgevision.keras_model.load import KerasLibrary

EARLY = "early"
"""The worker's argument that has it import TensorFlow before it reads its request."""

COMMAND = child.worker_command("edgevision.convert.worker")

# A GPU would only take seconds to set up. oneDNN reorders sums depending on the processor, and the
# comparison wants plain float32.
_SETTINGS = {"CUDA_VISIBLE_DEVICES": "-1", "TF_ENABLE_ONEDNN_OPTS": "0"}


def require_tensorflow() -> None:
    """Raise when TensorFlow or Keras is not installed; takes no time, imports nothing.

    Raises:
        MissingDependencyError: with the pip line.
    """
    child.require("converting a Keras model", "tensorflow", "keras")


def environment(library: KerasLibrary) -> dict[str, str]:
    """The child's environment variables."""
    inherited = child.child_environment(os.environ, legacy_keras=library == "tf_keras")
    return {**inherited, **_SETTINGS}


def new_log() -> Path:
    """An empty temporary file for what the child says."""
    return child.new_log("edgevision-convert-")


@dataclass(slots=True, kw_only=True)
class Beginning:
    """A child in which TensorFlow starts, for one conversion that is asked for later."""

    waiting: child.Child
    is_taken: bool = False

    def take(self) -> child.Child:
        """The child, and its log, which is the conversion's from now on."""
        self.is_taken = True
        return self.waiting


@contextmanager
def tensorflow_starting(command: Sequence[str] = (*COMMAND, EARLY)) -> Iterator[Beginning]:
    """Start TensorFlow, which takes seconds, while it is prepared what `convert` is to do with it.

    The end of the block ends the child, whatever became of it.

    Raises:
        MissingDependencyError: TensorFlow is not installed.
    """
    require_tensorflow()
    log = new_log()
    beginning = None
    try:
        with child.started(command, environment=environment("keras"), log_path=log) as waiting:
            beginning = Beginning(waiting=waiting)
            yield beginning
    finally:
        if beginning is None or not beginning.is_taken:
            log.unlink(missing_ok=True)
