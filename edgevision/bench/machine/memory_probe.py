"""The process that opens one model and runs it once, to find how much memory that takes.

`python -m edgevision.bench.machine.memory_probe CASE`, with a `Case` as JSON: prints the peak of
resident memory before and after, in bytes, as a JSON list.
"""

import json
import sys
from pathlib import Path

import numpy as np

from edgevision.bench.timing.case import Case
from edgevision.bench.timing.inputs import fill_random
from edgevision.errors import EdgeVisionError
from edgevision.runtime.loader import load_runtime
from edgevision.serialization.decode import from_plain
from edgevision.serialization.json_text import parse_json

MODULE = "edgevision.bench.machine.memory_probe"
_PROC = Path("/proc/self")


def main(case_json: str) -> None:
    """Measure; whatever prevents it is the last line on standard error."""
    try:
        case = from_plain(Case, parse_json(case_json, where="case"), where="case")
        load_runtime(case.runtime)
        # Forget the peak that importing left behind.
        (_PROC / "clear_refs").write_text("5")
        before = _peak_bytes()
        with case.open() as session:
            for spec in session.inputs:
                fill_random(session.view(spec), np.random.default_rng(0))
            session.invoke()
        print(json.dumps([before, _peak_bytes()]))  # noqa: T201 - its parent reads it
    except EdgeVisionError as error:
        sys.exit(str(error))
    except OSError as error:
        # No Linux, or a container that hides /proc.
        sys.exit(f"this system does not tell the memory of a process: {error}")


def _peak_bytes() -> int:
    status = (_PROC / "status").read_text()
    for line in status.splitlines():
        if line.startswith("VmHWM:"):
            return 1024 * int(line.split()[1])
    message = "/proc/self/status has no VmHWM"
    raise OSError(message)


if __name__ == "__main__":
    main(sys.argv[1])
