"""The part that runs on the board: does the job beside it and writes JSON lines on stdout."""

import json
import os
import sys
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
        from edgevision.serialization.decode import from_plain
        from edgevision.serialization.encode import to_plain
        from edgevision.serialization.json_text import read_json

        job = from_plain(BenchJob, read_json(Path("job.json")), where="job")
        result = measure(job, progress=progress)
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
