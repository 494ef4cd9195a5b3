"""The child process: `python -m edgevision.convert.worker`. TensorFlow lives only here.

It reads a job and says {"stage": ...} as it goes, then the result, an error, or the wish to be
started again for Keras 2.
"""

import gc
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from edgevision.convert.job import Conversion, ConvertJob, ModelOutput
from edgevision.convert.loaded import Loaded, check_finite
from edgevision.convert.process import EARLY
from edgevision.errors import EdgeVisionError, ModelError
from edgevision.keras_model.archive import Source, read_source
from edgevision.keras_model.child import LOG
from edgevision.keras_model.custom import import_custom_objects, names_of
from edgevision.keras_model.load import RefusedError, first_reason, why_keras_2
from edgevision.keras_model.safety import refuse_unsafe
from edgevision.keras_model.worker import Parent, serve_and_end
from edgevision.serialization.decode import from_plain
from edgevision.serialization.encode import to_plain
from edgevision.serialization.json_text import parse_json
from edgevision.tflite.read import read_model
from edgevision.tflite.view import TfliteModel

_NOT_NEEDED = ("sklearn", "matplotlib", "pandas")
"""Keras imports these for features we do not use, if they are there; they cost over a second."""


def work(parent: Parent) -> dict[str, Any]:
    """Do the job that the parent asks for.

    Raises: as `answer`, except for OSError, which becomes an answer.
    """
    if EARLY in sys.argv[1:]:
        # Nothing is asked yet, and TensorFlow takes its time to start.
        _import_tensorflow()
    started = time.perf_counter()

    def report(stage: str) -> None:
        parent.say(stage=stage)
        sys.stderr.write(f"[{time.perf_counter() - started:.2f} s] {stage}\n")

    try:
        job = from_plain(ConvertJob, parse_json(parent.request, where="job"), where="job")
        return answer(job, report)
    except OSError as error:
        if isinstance(error, EdgeVisionError):
            raise
        traceback.print_exc()
        return {"os_error": [error.errno, error.strerror]}


def answer(job: ConvertJob, report: Callable[[str], None] = lambda _stage: None) -> dict[str, Any]:
    """Do one job: `{"converted": ...}`, or `{"again": "tf_keras"}` for a model of Keras 2.

    Raises:
        EdgeVisionError: as `convert.convert` says.
        OSError: the output cannot be written.
    """
    report("check")
    source = read_source(Path(job.source))
    names = names_of(job.custom_objects)
    refuse_unsafe(source.config, custom_objects=names)
    if job.library == "tf_keras" or source.kind == "saved_model":
        return _convert(job, source, report)
    if why_keras_2(source):
        return {"again": "tf_keras"}
    try:
        return _convert(job, source, report)
    except RefusedError:
        if source.is_keras_2:
            traceback.print_exc()
            return {"again": "tf_keras"}
        raise


def _convert(job: ConvertJob, source: Source, report: Callable[[str], None]) -> dict[str, Any]:
    report("start TensorFlow")
    tensorflow = _import_tensorflow()
    report("load")
    loaded = _load(job, source)
    check_finite(loaded)

    from edgevision.convert.compare import largest_difference
    from edgevision.convert.tflite import flex_operations, open_sides, to_tflite
    from edgevision.convert.trace import trace

    report("trace")
    try:
        graph = trace(loaded)
        report("convert")
        content = to_tflite(graph, layers=loaded.layers, allow_flex=job.allow_flex)
    except EdgeVisionError:
        raise
    except Exception as error:  # user code in layers, and a compiler: anything may come
        raise _not_convertible(error, loaded) from error
    facts = read_model(content)
    flex = flex_operations(facts, loaded.layers)
    warnings = [*loaded.warnings]
    if flex:
        warnings.append(f"needs TensorFlow's operations at run time: {'; '.join(flex)}")
    if open_tensors := open_sides(facts):
        warnings.append(f"shape known only at run time: {', '.join(open_tensors[:5])}")
    report("compare")
    # The plain runtime has no TensorFlow operations to run such a file with.
    difference = None if flex else largest_difference(graph, loaded.inputs, content)
    Path(job.output).write_bytes(content)
    conversion = Conversion(
        inputs=loaded.inputs,
        outputs=_outputs(facts, graph.output_names),
        signature=graph.signature,
        stripped=loaded.training_only,
        loader=loaded.loader,
        layers=loaded.layers,
        versions={"tensorflow": str(tensorflow.__version__), **loaded.versions},
        largest_difference=difference,
        warnings=tuple(warnings),
    )
    return {"converted": to_plain(conversion)}


def _outputs(model: TfliteModel, names: Sequence[str]) -> tuple[ModelOutput, ...]:
    from edgevision.tasks.of_file import interface_of_file

    return tuple(
        ModelOutput(name=name, shape=made.shape, dtype=made.dtype, activation=made.activation)
        for name, made in zip(names, interface_of_file(model).outputs, strict=True)
    )


def _load(job: ConvertJob, source: Source) -> Loaded:
    if source.kind == "saved_model":
        from edgevision.convert.load_saved_model import load_saved_model

        return load_saved_model(source.path, input_shape=job.input_shape)
    from edgevision.convert.load_keras import load_keras

    return load_keras(
        source,
        loader=job.library,
        custom_objects=import_custom_objects(job.custom_objects, folder=job.working_directory),
        input_shape=job.input_shape,
        folder=Path(job.folder),
    )


def _import_tensorflow() -> Any:
    missing = [name for name in _NOT_NEEDED if name not in sys.modules]
    for name in missing:
        sys.modules[name] = None  # type: ignore[assignment]  # makes `import name` fail at once
    # A quarter of the import would be looks for garbage among thousands of modules that stay.
    gc.disable()
    try:
        import tensorflow as tf
    finally:
        gc.freeze()
        gc.enable()
        # The user's own module may want them.
        for name in missing:
            del sys.modules[name]
    return tf


def _not_convertible(error: Exception, loaded: Loaded) -> EdgeVisionError:
    message = f"TensorFlow cannot convert the model: {first_reason(error)}"
    suspects = [*loaded.warnings, f"the log says more: {LOG}"]
    return ModelError(message, hint="; ".join(suspects))


if __name__ == "__main__":
    serve_and_end(work)
