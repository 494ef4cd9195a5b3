"""The part that runs on the board: does the job beside it and writes JSON lines on stdout."""

import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from edgevision.errors import EdgeVisionError, MissingDependencyError


def main() -> int:
    """Measure what `job.json` asks for; one JSON object a line: progress, then result or error."""
    # Native libraries write notices on stdout too; what speaks to the other side gets its own.
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def say(message: dict[str, Any]) -> None:
        channel.write(json.dumps(message) + "\n")
        channel.flush()

    def progress(done: int, total: int, stage: str, /) -> None:
        say({"progress": [done, total, stage]})

    try:
        _check_numpy()
        from edgevision.bench.measure import BenchJob, measure
        from edgevision.bench.plain import from_plain, to_plain

        job = from_plain(BenchJob, json.loads(Path("job.json").read_bytes()), "job")
        # Absolute, for the processes that measuring starts elsewhere.
        cases = tuple(replace(case, model=Path(str(case.model)).resolve()) for case in job.cases)
        result = measure(replace(job, cases=cases), progress=progress)
    except EdgeVisionError as error:
        say({"error": str(error), "hint": error.hint, "exit_code": error.exit_code})
        return 1
    say({"result": to_plain(result)})
    return 0


def _check_numpy() -> None:
    # The board's Python may have nothing: say so before anything of ours imports it.
    try:
        import numpy as np  # noqa: F401
    except ImportError as error:
        message = f"no TFLite runtime works there: {error}"
        raise MissingDependencyError(message) from error


if __name__ == "__main__":
    sys.exit(main())
