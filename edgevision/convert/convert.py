"""Convert a Keras model to a float `.tflite`: batch 1, built-in operations, inference only."""

import logging
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from edgevision.convert.card import with_card
from edgevision.convert.job import Conversion, ConvertJob
from edgevision.convert.process import COMMAND, Beginning, environment, new_log, require_tensorflow
from edgevision.errors import EdgeVisionError, ModelError, UsageError
from edgevision.files import refuse_to_replace, replacing, write_bytes
from edgevision.keras_model import child
from edgevision.keras_model.custom import names_of
from edgevision.keras_model.load import KerasLibrary
from edgevision.keras_model.messages import error_from_plain
from edgevision.preprocess.declared import HOW, Preprocessing, nothing_declared
from edgevision.progress import Progress, silent
from edgevision.serialization.decode import from_plain
from edgevision.serialization.json_text import to_json
from edgevision.tasks.spec import TaskSpec
from edgevision.tflite.facts import Activation

logger = logging.getLogger(__name__)

DEFAULT_TIMEOUT_S = 1800.0
"""The largest image networks take about two minutes on two slow cores."""

_NOTHING_DECLARED = Preprocessing()
_ERRAND = child.Errand(
    name="the conversion",
    less_memory="close other programs, or convert on a machine with more memory",
)
_STAGES = ("check", "start TensorFlow", "load", "trace", "convert", "compare")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvertedModel(Conversion):
    """A float `.tflite` on disk, and what is known of the model it came from."""

    path: Path
    has_card: bool
    """Whether it says how photos become its input."""
    seconds: float

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Of the first input; (1, height, width, channels) for an image model."""
        return self.inputs[0].shape

    @property
    def classes(self) -> int | None:
        """Length of the first output, None when that is not one row of numbers."""
        shape = self.outputs[0].shape
        return shape[-1] if len(shape) == 2 else None

    @property
    def activation(self) -> Activation | None:
        """What the first output's values are if they are scores, as far as the file shows it."""
        return self.outputs[0].activation


def convert(
    source: Path,
    output: Path,
    *,
    input_shape: tuple[int, int, int] | None = None,
    custom_objects: Sequence[str] = (),
    allow_flex: bool = False,
    declared: Preprocessing = _NOTHING_DECLARED,
    labels: tuple[str, ...] = (),
    task: TaskSpec | None = None,
    overwrite: bool = False,
    log_path: Path | None = None,
    progress: Progress = silent,
    timeout_s: float = DEFAULT_TIMEOUT_S,
    beginning: Beginning | None = None,
    command: Sequence[str] = COMMAND,
) -> ConvertedModel:
    """Write the float `.tflite` of the Keras model `source` to `output`.

    All of TensorFlow runs in a child process, so its crash, its noise and its memory are not ours.

    Args:
        source: `.keras`, `.h5` or a SavedModel folder.
        output: the file to write, whole or not at all.
        input_shape: (height, width, channels) for a model that leaves sides open.
        custom_objects: "module:Name" of classes and functions to import for the model; this runs
            their code, and nothing else does.
        allow_flex: accept operations that need TensorFlow at run time.
        declared: how photos become the model's input; with it, the file gets a model card.
        labels: class names in index order, for the card.
        task: what the outputs mean, for the card; None: as far as the file and the labels tell.
        overwrite: replace `output` if it is there.
        log_path: where the child's output is kept when all went well; None drops it. When not,
            it lies in a temporary file that the error names.
        progress: told of each stage.
        timeout_s: after that the child is ended.
        beginning: a child that was started ahead and is not taken yet, instead of a new one.
        command: the child's command line, for tests.

    Raises:
        MissingDependencyError: TensorFlow is not installed.
        ModelError: the model cannot be loaded or converted; says which layer, and what to do.
        UsageError: `output` exists or is `source`, the input's shape is unknown or contradicts
            the model, or what was declared is not enough for a card or does not fit the model.
        VerificationError: the result answers differently from the model.
        WorkerCrashError: the child crashed, hung or ran out of memory.
        EdgeVisionError: `output` cannot be written.
    """
    started = time.perf_counter()
    refuse_to_replace(output, overwrite=overwrite)
    _check_output(source, output)
    _check_declared(declared, labels, task, source)
    names_of(custom_objects)
    if not source.exists():
        message = f"{source} does not exist"
        raise ModelError(message, hint="check the path")
    require_tensorflow()
    # Not at once at `log_path`: that may lie in a folder which is dropped when this fails.
    waiting = None if beginning is None else beginning.take()
    log = new_log() if waiting is None else waiting.log_path
    is_named = False
    try:
        with (
            tempfile.TemporaryDirectory(prefix="edgevision-") as folder,
            replacing(output, overwrite=overwrite) as temporary,
        ):
            job = ConvertJob(
                source=str(source.resolve()),
                output=str(temporary.resolve()),
                folder=folder,
                input_shape=input_shape,
                custom_objects=tuple(custom_objects),
                allow_flex=allow_flex,
                working_directory=str(Path.cwd()),
            )

            def serve(library: KerasLibrary, listen: child.Listener) -> None:
                request = to_json(replace(job, library=library))
                with (
                    nullcontext(waiting)
                    if waiting is not None and library == "keras"
                    else child.started(command, environment=environment(library), log_path=log)
                ) as running:
                    child.serve(running, _ERRAND, request, listen=listen, timeout_s=timeout_s)

            conversion = _answer(serve, log, progress)
            if declared.is_complete:
                temporary.write_bytes(
                    with_card(
                        temporary.read_bytes(),
                        conversion,
                        source=source,
                        declared=declared,
                        labels=labels,
                        task=task,
                    )
                )
            if log_path is not None:
                write_bytes(log_path, log.read_bytes(), overwrite=True)
    except EdgeVisionError as error:
        is_named = str(log) in f"{error} {error.hint}"
        raise
    finally:
        if logger.isEnabledFor(logging.DEBUG):
            logger.debug("the child's log:\n%s", log.read_text(errors="replace"))
        if not is_named:
            log.unlink(missing_ok=True)
    progress(len(_STAGES), len(_STAGES), "converting")
    return ConvertedModel(
        **{field.name: getattr(conversion, field.name) for field in fields(conversion)},
        path=output,
        has_card=declared.is_complete,
        seconds=time.perf_counter() - started,
    )


def _check_output(source: Path, output: Path) -> None:
    if output.is_dir():
        message = f"{output} is a folder"
        raise UsageError(message, hint="name the .tflite file to write")
    if output.exists() and source.exists() and output.samefile(source):
        message = f"{output} is the model itself, which is never overwritten"
        raise UsageError(message, hint="choose another output with -o")


def _check_declared(
    declared: Preprocessing, labels: tuple[str, ...], task: TaskSpec | None, source: Path
) -> None:
    if declared.is_complete:
        return
    if declared != _NOTHING_DECLARED:
        raise nothing_declared(declared, model=source.name)
    if labels or task is not None:
        given = "class names are" if labels else "the task is"
        message = f"{given} for the card, which needs the preprocessing declared too"
        raise UsageError(message, hint=HOW)


def _answer(
    serve: Callable[[KerasLibrary, child.Listener], None], log_path: Path, progress: Progress
) -> Conversion:
    """What came of it, from one child or, for a Keras-2 model, a second one."""
    declared: dict[str, Any] = {}

    def listen(line: dict[str, Any]) -> None:
        logger.debug("child: %s", line)
        if "stage" in line:
            progress(_STAGES.index(line["stage"]), len(_STAGES), "converting")
        else:
            declared.update(line)

    serve("keras", listen)
    if "again" in declared:
        child.require("loading this Keras-2 model", "tf_keras")
        declared.clear()
        serve("tf_keras", listen)
    if "os_error" in declared:
        raise OSError(*declared["os_error"])
    if "error" in declared:
        raise error_from_plain(declared["error"], log_path=log_path)
    if "converted" not in declared:
        raise child.no_answer(_ERRAND, log_path)
    return from_plain(Conversion, declared["converted"], where="the conversion")
