"""The child process: `python -m edgevision.compress.worker`. TensorFlow lives only here.

It reads a job and says {"progress": [done, total, stage]}, {"measure": "model.keras"}, which is
answered with milliseconds, and at last {"report": ...} or {"error": ...}.
"""

import tempfile
from pathlib import Path
from typing import Any

from edgevision.compress.job import PruneJob
from edgevision.keras_model.worker import Parent, serve_and_end
from edgevision.serialization.decode import from_plain
from edgevision.serialization.encode import to_plain
from edgevision.serialization.json_text import parse_json


def answer(parent: Parent) -> dict[str, Any]:
    """Do the job that the parent asks for.

    Raises:
        EdgeVisionError: as `run.prune_file` says.
    """
    with tempfile.TemporaryDirectory(prefix="edgevision-") as folder:
        from edgevision.compress.run_job import run_job

        def latency_ms(model: Any) -> float:
            """Ask the parent, which can convert and has the devices."""
            path = Path(folder) / "candidate.keras"
            model.save(path)
            return float(parent.ask(measure=str(path)))

        report = run_job(
            from_plain(PruneJob, parse_json(parent.request, where="job"), where="job"),
            progress=lambda done, total, stage: parent.say(progress=[done, total, stage]),
            latency_ms=latency_ms,
        )
    return {"report": to_plain(report)}


if __name__ == "__main__":
    serve_and_end(answer)
