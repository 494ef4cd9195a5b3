"""How much memory a model takes, measured in a process of its own."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import edgevision
from edgevision.bench.timing.case import Case
from edgevision.tflite.view import TfliteModel

_SECONDS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Bytes; None where the system does not tell (only Linux does)."""

    activations_bytes: int
    """Largest sum of intermediate tensors alive at once: no arena can be smaller."""
    model_bytes: int | None
    """Growth of the process's peak by opening the model and running it once: file, packed
    weights and arena."""
    peak_bytes: int | None
    """Peak of the whole process with Python, NumPy and the runtime in it."""


def memory_of(case: Case, model: TfliteModel) -> Memory:
    """Memory of one case; starts a Python process that opens the model and runs it once."""
    found = _probe(case)
    return Memory(
        activations_bytes=activation_peak(model),
        model_bytes=found[0] if found else None,
        peak_bytes=found[1] if found else None,
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


def _probe(case: Case) -> tuple[int, int] | None:
    if not isinstance(case.model, Path):
        return None
    options = json.dumps(
        {
            "model": str(case.model),
            "threads": case.threads,
            "runtime": case.runtime,
            "delegates": [str(path) for path in case.delegates],
            "xnnpack": case.xnnpack,
        }
    )
    # On a board, the interpreter that the user named (`remote.ssh`), which may be a wrapper.
    python = os.environ.get("EDGEVISION_PYTHON") or sys.executable
    try:
        reply = subprocess.run(
            [python, "-m", "edgevision.bench.machine.memory", options],
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=True,
            cwd=_import_root(),
        )
        before, after = json.loads(reply.stdout)
    except (subprocess.SubprocessError, OSError, ValueError):
        return None
    return max(0, after - before), after


def _import_root() -> Path:
    # `-m` looks in the working directory first: the child must load the very code that asks.
    return Path(edgevision.__file__).resolve().parents[1]


def _main(options: str) -> None:
    import numpy as np

    from edgevision.bench.timing.inputs import fill_random
    from edgevision.runtime.loader import load_runtime

    asked = json.loads(options)
    asked["model"] = Path(asked["model"])
    asked["delegates"] = tuple(Path(path) for path in asked["delegates"])
    case = Case(name="probe", **asked)
    load_runtime(case.runtime)
    # Forget the peak that importing left behind.
    Path("/proc/self/clear_refs").write_text("5")
    before = _peak_bytes()
    with case.open() as session:
        for spec in session.inputs:
            fill_random(session.view(spec), np.random.default_rng(0))
        session.invoke()
    print(json.dumps([before, _peak_bytes()]))  # noqa: T201 - its parent reads it


def _peak_bytes() -> int:
    status = Path("/proc/self/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return 1024 * int(line.split()[1])


if __name__ == "__main__":
    _main(sys.argv[1])
