"""How much memory a model takes, measured in a process of its own."""

import os
import signal
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import edgevision
from edgevision.bench.machine.memory_probe import MODULE
from edgevision.bench.timing.case import Case
from edgevision.errors import UsageError
from edgevision.serialization.decode import from_plain
from edgevision.serialization.json_text import parse_json, to_json
from edgevision.tflite.view import TfliteModel

_SECONDS = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Bytes; where one is None, `reason` says why."""

    activations_bytes: int
    """Largest sum of intermediate tensors alive at once: no arena can be smaller."""
    model_bytes: int | None
    """Growth of the process's peak by opening the model and running it once: file, packed
    weights and arena."""
    peak_bytes: int | None
    """Peak of the whole process with Python, NumPy and the runtime in it."""
    reason: str = ""
    """Why a figure is not known, without a full stop."""


def memory_of(case: Case, model: TfliteModel, *, timeout_seconds: float = _SECONDS) -> Memory:
    """Memory of one case; starts a Python process that opens the model and runs it once."""
    activations = activation_peak(model)
    try:
        before, after = _probe(case, timeout_seconds)
    except _ProbeError as error:
        return Memory(
            activations_bytes=activations, model_bytes=None, peak_bytes=None, reason=str(error)
        )
    return Memory(
        activations_bytes=activations, model_bytes=max(0, after - before), peak_bytes=after
    )


def activation_peak(model: TfliteModel) -> int:
    """Largest number of bytes of computed tensors alive at the same time, in the file's order."""
    last_use = {index: len(model.operators) for index in model.outputs}
    for operator in model.operators:
        for index in operator.inputs:
            if index >= 0 and index not in model.outputs:
                last_use[index] = operator.index
    alive = {index for index in model.inputs if not model.tensors[index].is_constant}
    peak = 0
    for operator in model.operators:
        alive.update(operator.outputs)
        peak = max(peak, sum(model.tensors[index].size_bytes for index in alive))
        alive = {index for index in alive if last_use.get(index, -1) > operator.index}
    return peak


class _ProbeError(Exception):
    """Why the probe has no answer."""


def _probe(case: Case, timeout_seconds: float) -> tuple[int, int]:
    """Peak of resident memory before and after running the model, in bytes."""
    if not isinstance(case.model, Path):
        message = "the model is in no file that another process could open"
        raise _ProbeError(message)
    # On a board, the interpreter that the user named (`remote.ssh`), which may be a wrapper.
    python = os.environ.get("EDGEVISION_PYTHON") or sys.executable
    try:
        reply = subprocess.run(
            [python, "-m", MODULE, to_json(_from_anywhere(case, case.model))],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout_seconds,
            check=False,
            # `-m` looks in the working directory first: the child must load the code that asks.
            cwd=Path(edgevision.__file__).resolve().parents[1],
        )
    except subprocess.TimeoutExpired as error:
        message = f"the process that measures it did not end in {timeout_seconds:g} s"
        raise _ProbeError(message) from error
    except OSError as error:
        message = f"cannot start {python}: {error.strerror or error}"
        raise _ProbeError(message) from error
    if reply.returncode:
        raise _ProbeError(_failure(reply))
    # Native libraries write notices on standard output too; the answer comes last.
    answer = _last_line(reply.stdout)
    try:
        return from_plain(tuple[int, int], parse_json(answer, where="it"), where="it")
    except UsageError as error:
        message = f"the process that measures it answered {answer[:60]!r}"
        raise _ProbeError(message) from error


def _from_anywhere(case: Case, model: Path) -> Case:
    """The case for a process in another working directory."""
    # A library's bare name is looked up by the system's loader, wherever one is.
    delegates = tuple(one if one.parent == Path() else one.absolute() for one in case.delegates)
    return replace(case, model=model.absolute(), delegates=delegates)


def _failure(reply: "subprocess.CompletedProcess[str]") -> str:
    code = reply.returncode
    if code < 0:
        return f"the process that measures it was ended by {_signal_name(-code)}"
    reason = _last_line(reply.stderr) or "without a word"
    return f"the process that measures it ended with {code}: {reason[:300]}"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        # Real-time signals have no names.
        return f"signal {number}"


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""
