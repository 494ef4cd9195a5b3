"""Pruning from file to file, with TensorFlow in a process of its own."""

import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

from edgevision.compress.job import Learning, PruneJob
from edgevision.compress.masking.plan import MaskingPlan
from edgevision.compress.plan import PruningPlan
from edgevision.compress.report import PruneReport
from edgevision.errors import ModelError, UsageError
from edgevision.files import refuse_to_replace, replacing
from edgevision.keras_model import child
from edgevision.keras_model.messages import error_from_plain
from edgevision.progress import Progress, silent
from edgevision.serialization.decode import from_plain
from edgevision.serialization.json_text import to_json

FileLatencyMs: TypeAlias = Callable[[Path], float]
"""Milliseconds that one inference of the model in this `.keras` file takes, once converted."""

_ERRAND = child.Errand(name="pruning", less_memory="a smaller --batch-size needs less memory")
_COMMAND = child.worker_command("edgevision.compress.worker")

PREDICTED_FRACTIONS = (0.25, 0.5, 0.65, 0.75)
"""Shares that a dry run predicts for, unless others are asked for."""


def require_tensorflow() -> None:
    """Raise when TensorFlow or Keras is not installed; takes no time, imports nothing.

    Raises:
        MissingDependencyError: with the pip line.
    """
    child.require("pruning", "tensorflow", "keras")


def prune_file(
    source: Path,
    output: Path,
    plan: PruningPlan | MaskingPlan,
    *,
    learning: Learning | None = None,
    steps: int = 1,
    checkpoints: Path | None = None,
    latency_ms: FileLatencyMs | None = None,
    custom_objects: Sequence[str] = (),
    overwrite: bool = False,
    log_path: Path | None = None,
    progress: Progress = silent,
    command: Sequence[str] = _COMMAND,
) -> PruneReport:
    """Make the model in `source` smaller, fine-tune it when told how, and write it to `output`.

    Args:
        source: A `.keras` or `.h5` file.
        output: The `.keras` file to write, whole or not at all.
        plan: What to remove, or which weights to set to zero.
        learning: What to fine-tune on; None to remove only, which costs accuracy.
        steps: Rounds of removing and fine-tuning on the way to the target.
        checkpoints: Folder for the state of an interrupted run, which the same call continues.
        latency_ms: Measures candidates; needed for a target in latency, and called in this process.
        custom_objects: "module:Name" of classes and functions to import for the model; this runs
            their code, and nothing else does.
        overwrite: Replace `output` if it is there.
        log_path: Where TensorFlow's noise goes; None for a temporary file, which is removed when
            all went well and named in the error when not.
        progress: Told of each stage.
        command: The child's command line, for tests.

    Raises:
        MissingDependencyError: TensorFlow, or TF-MOT for its schedules, is not installed.
        ModelError: the model cannot be loaded, or nothing in it can be removed.
        ImageSetError: the training images are bad.
        UsageError: `output` exists, or the arguments do not fit together.
        TargetMissedError: the target cannot be reached.
        WorkerCrashError: the child crashed or ran out of memory.
        EdgeVisionError: `output` cannot be written.
    """
    refuse_to_replace(output, overwrite=overwrite)
    if output.suffix != ".keras":
        message = f"the smaller model is written as .keras, not {output.name}"
        raise UsageError(message, hint=f"-o {output.with_suffix('.keras')}")
    with (
        tempfile.TemporaryDirectory(prefix="edgevision-") as folder,
        replacing(output, overwrite=overwrite) as temporary,
    ):
        # Keras looks at the name's ending.
        made = Path(folder) / "model.keras"
        job = PruneJob(
            source=str(source.resolve()),
            output=str(made),
            plan=plan,
            steps=steps,
            learning=learning,
            checkpoints=None if checkpoints is None else str(checkpoints.resolve()),
            custom_objects=tuple(custom_objects),
            working_directory=str(Path.cwd()),
        )
        report = _run(
            job,
            source,
            latency_ms=latency_ms,
            log_path=log_path,
            progress=progress,
            command=command,
        )
        shutil.copyfile(made, temporary)
    return report


def predict_file(
    source: Path,
    plan: PruningPlan,
    *,
    fractions: Sequence[float] = PREDICTED_FRACTIONS,
    custom_objects: Sequence[str] = (),
    log_path: Path | None = None,
    progress: Progress = silent,
    command: Sequence[str] = _COMMAND,
) -> PruneReport:
    """What removing each of `fractions` of the plan's measure would come to; writes nothing.

    Raises: as `prune_file`.
    """
    job = PruneJob(
        source=str(source.resolve()),
        output=None,
        plan=plan,
        predicted=tuple(fractions),
        custom_objects=tuple(custom_objects),
        working_directory=str(Path.cwd()),
    )
    return _run(job, source, latency_ms=None, log_path=log_path, progress=progress, command=command)


def _run(
    job: PruneJob,
    source: Path,
    *,
    latency_ms: FileLatencyMs | None,
    log_path: Path | None,
    progress: Progress,
    command: Sequence[str],
) -> PruneReport:
    require_tensorflow()
    if not source.exists():
        message = f"{source} does not exist"
        raise ModelError(message, hint="check the path")
    if job.learning is not None:
        images = str(Path(job.learning.images).resolve())
        job = replace(job, learning=replace(job.learning, images=images))
    declared: dict[str, Any] = {}

    def listen(line: dict[str, Any]) -> float | None:
        if "progress" in line:
            progress(*line["progress"])
        elif "measure" in line:
            assert latency_ms is not None  # noqa: S101 - the child refuses such a target without
            return latency_ms(Path(line["measure"]))
        else:
            declared.update(line)
        return None

    log = log_path or child.new_log("edgevision-prune-")
    log.write_bytes(b"")
    progress(0, 1, "starting TensorFlow")
    environment = child.child_environment(os.environ)
    with child.started(command, environment=environment, log_path=log) as running:
        child.serve(running, _ERRAND, to_json(job), listen=listen)
    if "error" in declared:
        raise error_from_plain(declared["error"], log_path=log)
    if "report" not in declared:
        raise child.no_answer(_ERRAND, log)
    if log_path is None:
        log.unlink(missing_ok=True)
    return from_plain(PruneReport, declared["report"], where="the report")
