"""The child process: `python -m edgevision.compress.worker`. TensorFlow lives only here.

It reads a job as one line of JSON and says lines of JSON: {"progress": [done, total, stage]},
{"measure": "model.keras"}, which is answered with milliseconds, and at last {"report": ...} or
{"error": ...}. All other output goes to standard error, which the parent has pointed at the log.
"""

import ctypes
import json
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from edgevision.compress.job import error_to_dict, job_from_json
from edgevision.compress.report import report_to_dict
from edgevision.errors import EdgeVisionError


def main() -> int:
    """Do the job on standard input; returns the exit code."""
    _die_with_parent()
    say = _own_standard_output()
    job = job_from_json(sys.stdin.readline())
    try:
        with tempfile.TemporaryDirectory(prefix="edgevision-") as folder:
            from edgevision.compress.work import work

            report = work(
                job,
                progress=lambda done, total, stage: say({"progress": [done, total, stage]}),
                latency_ms=lambda model: _measured(model, Path(folder), say),
            )
    except EdgeVisionError as error:
        traceback.print_exc()
        say({"error": error_to_dict(error)})
    except MemoryError:
        traceback.print_exc()
        return 137
    else:
        say({"report": report_to_dict(report)})
    return 0


def _measured(model: Any, folder: Path, say: Callable[[dict[str, Any]], None]) -> float:
    """Ask the parent, which can convert and has the devices."""
    path = folder / "candidate.keras"
    model.save(path)
    say({"measure": str(path)})
    return float(json.loads(sys.stdin.readline()))


def _own_standard_output() -> Callable[[dict[str, Any]], None]:
    """A function that says one line to the parent; all else written to stdout joins stderr."""
    lines = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)

    def say(what: dict[str, Any]) -> None:
        print(json.dumps(what), file=lines)

    return say


def _die_with_parent() -> None:
    """Ask Linux to end this process when the parent is killed, so that none is left behind."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
