"""The child process: `python -m edgevision.convert.worker job.json`. TensorFlow lives only here.

It writes `answer.json` (the result, an error, or the wish to be started again for Keras 2),
reports stages as lines on its standard output, and lets all other output go to standard error,
which the parent has pointed at the log.
"""

import ctypes
import gc
import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from edgevision.convert.archive import Source, read_source
from edgevision.convert.custom import import_custom_objects, names_of
from edgevision.convert.job import LOG, Job, error_to_dict, read_job
from edgevision.convert.loaded import Loaded, RefusedError, check_finite, first_reason
from edgevision.convert.modernize import needs_keras_2
from edgevision.convert.safety import refuse_unsafe
from edgevision.errors import EdgeVisionError, ModelError

_NOT_NEEDED = ("sklearn", "matplotlib", "pandas")
"""Keras imports these for features we do not use, if they are there; they cost over a second."""


def main(arguments: Sequence[str]) -> int:
    """Do the job in the file named by the only argument; returns the exit code."""
    _die_with_parent()
    report = _own_standard_output()
    job = read_job(Path(arguments[0]))
    try:
        result = answer(job, report)
    except EdgeVisionError as error:
        traceback.print_exc()
        result = {"error": error_to_dict(error)}
    except OSError as error:
        traceback.print_exc()
        result = {"os_error": [error.errno, error.strerror]}
    except MemoryError:
        traceback.print_exc()
        return 137
    job.answer_path.write_text(json.dumps(result))
    return 0


def answer(job: Job, report: Callable[[str], None] = lambda _stage: None) -> dict[str, Any]:
    """Do one job: `{"converted": ...}`, or `{"again": "tf_keras"}` for a model of Keras 2.

    Raises:
        EdgeVisionError: as `convert.convert` says.
        OSError: the output cannot be written.
    """
    report("check")
    source = read_source(Path(job.source))
    names = names_of(job.custom_objects)
    refuse_unsafe(source.config, custom_objects=names)
    if job.loader == "keras":
        if source.kind == "saved_model":
            return _convert(job, source, report)
        if source.is_keras_2 and (source.kind == "keras" or needs_keras_2(source.config)):
            return {"again": "tf_keras"}
        try:
            return _convert(job, source, report)
        except RefusedError:
            if source.is_keras_2:
                traceback.print_exc()
                return {"again": "tf_keras"}
            raise
    return _convert(job, source, report)


def _convert(job: Job, source: Source, report: Callable[[str], None]) -> dict[str, Any]:
    report("start TensorFlow")
    tensorflow = _import_tensorflow()
    report("load")
    loaded = _load(job, source)
    check_finite(loaded)

    from edgevision.artifact.facts import output_activation
    from edgevision.artifact.model import read_model
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
    first_output = facts.tensors[facts.outputs[0]]
    return {
        "converted": {
            "input_shape": list(facts.tensors[facts.inputs[0]].shape),
            "classes": first_output.shape[-1] if len(first_output.shape) == 2 else None,
            "activation": output_activation(facts),
            "stripped": list(loaded.training_only),
            "loader": loaded.loader,
            "layers": list(loaded.layers),
            "versions": {"tensorflow": str(tensorflow.__version__), **loaded.versions},
            "largest_difference": difference,
            "warnings": warnings,
        }
    }


def _load(job: Job, source: Source) -> Loaded:
    if source.kind == "saved_model":
        from edgevision.convert.load_saved_model import load_saved_model

        return load_saved_model(source.path, input_shape=job.input_shape)
    from edgevision.convert.load_keras import load_keras

    return load_keras(
        source,
        loader=job.loader,
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


def _own_standard_output() -> Callable[[str], None]:
    """A function that reports a stage to the parent; all else written to stdout joins stderr."""
    lines = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    started = time.perf_counter()

    def report(stage: str) -> None:
        print(stage, file=lines)
        sys.stderr.write(f"[{time.perf_counter() - started:.2f} s] {stage}\n")

    return report


def _die_with_parent() -> None:
    """Ask Linux to end this process when the parent is killed, so that none is left behind."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


if __name__ == "__main__":
    if not getattr(sys.flags, "safe_path", False) and sys.path:
        # Python before 3.11 puts the user's folder first; a json.py there is none of our business.
        del sys.path[0]
    code = main(sys.argv[1:])
    sys.stderr.flush()
    # TensorFlow's tidying up takes most of a second, and all it tidies ends with the process.
    os._exit(code)
