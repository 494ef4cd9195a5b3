"""Does `edgevision bench` measure what LiteRT's own tool measures? p50 against p50, in turns.

Both run as a user would start them, each time in a new process, with the same model and threads:

    python benchmarks/fidelity.py [--rounds 12] [--threads 1] [--json FILE]

Exits with 1 when the ratio of any model is more than 3 % from 1. The tool prints hundredths of a
millisecond, so only models of a millisecond and more can be compared this finely.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from math import exp, log
from pathlib import Path
from statistics import median
from typing import Any

from models import built_models

from edgevision.bench.timing.rank_intervals import signed_rank_interval

MODELS = ("MobileNetV2-float", "MobileNetV2-int8", "MobileNetV3Small-int8")
RUNS = 200
ALLOWED = 0.03


def reference_ms(model: Path, threads: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "result.json"
        subprocess.run(
            [
                *(sys.executable, "-m", "ai_edge_litert.tools.benchmark_litert_model"),
                *(f"--model={model}", f"--num_threads={threads}", f"--num_runs={RUNS}"),
                f"--result_json={result}",
            ],
            check=True,
            capture_output=True,
        )
        return float(json.loads(result.read_text())["latency"]["median_ms"])


def ours_ms(model: Path, threads: int) -> float:
    seconds = RUNS * 0.004
    reply = subprocess.run(
        [
            *(sys.executable, "-m", "edgevision", "bench", str(model), "--json"),
            *("--threads", str(threads), "--rounds", "1", "--seconds", str(seconds)),
        ],
        check=True,
        capture_output=True,
    )
    (measured,) = json.loads(reply.stdout)["runs"][0]["models"]
    return float(measured["latency"]["median_ms"])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    paths = built_models()
    found: dict[str, dict[str, Any]] = {}
    for name in MODELS:
        ours: list[float] = []
        theirs: list[float] = []
        for turn in range(asked.rounds):
            # A B, B A: whatever drifts on the machine meets both alike.
            for tool in (reference_ms, ours_ms) if turn % 2 else (ours_ms, reference_ms):
                (ours if tool is ours_ms else theirs).append(tool(paths[name], asked.threads))
        logs = [log(a / b) for a, b in zip(ours, theirs, strict=True)]
        found_logs = signed_rank_interval(logs, 0.95)
        middle, low, high = found_logs.centre, found_logs.low, found_logs.high
        found[name] = {
            "ours_ms": ours,
            "litert_benchmark_ms": theirs,
            "ratio": exp(middle),
            "low": None if low is None else exp(low),
            "high": None if high is None else exp(high),
        }
        interval = "" if low is None or high is None else f" ({exp(low):.3f} to {exp(high):.3f})"
        print(
            f"{name}: ours {median(ours):.2f} ms, litert-benchmark {median(theirs):.2f} ms, "
            f"ratio {exp(middle):.3f}{interval}"
        )
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=1) + "\n")
    return int(any(abs(one["ratio"] - 1) > ALLOWED for one in found.values()))


if __name__ == "__main__":
    sys.exit(main())
