"""What the command costs: start-up, memory, processor beside inference.

    PYTHONPATH=. python benchmarks/camera_footprint.py mobilenet_v2_int8.tflite [--preprocess raw]

Runs `edgevision camera` as a user would, on a 1280 x 720 source at 30 fps: the synthetic one, and
Motion JPEG over HTTP from another process. Processor time beside inference is the process's own
(user and system, from /proc) over some seconds, less what the same number of bare invokes takes.
"""

import argparse
import os
import re
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

from edgevision.runtime.session import Session
from tests.camera.conftest import CameraStand

TICKS = os.sysconf("SC_CLK_TCK")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("model", type=Path)
    parser.add_argument("--preprocess", help="preset, for a model without a card")
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--starts", type=int, default=7)
    arguments = parser.parse_args()
    words = [sys.executable, "-m", "edgevision", "camera", str(arguments.model), "--threads", "1"]
    if arguments.preprocess:
        words += ["--preprocess", arguments.preprocess]
    stand = CameraStand()
    try:
        sources = {
            "synthetic": "synthetic:1280x720@30",
            "HTTP MJPEG": stand.start(width=1280, height=720, fps=30).url,
        }
        once_s = invoke_cpu_s(arguments.model)
        for name, source in sources.items():
            used = children_cpu_s()
            line = [*words, "--source", source]
            starts = [first_result_s(line) for _ in range(arguments.starts)]
            start_cpu_s = (children_cpu_s() - used) / arguments.starts
            rss_mb, peak_mb, cpu, results_per_s = steady(line, arguments.seconds)
            beside = cpu - results_per_s * once_s
            print(
                f"{name:11} first result {statistics.median(starts):.2f} s "
                f"(best {min(starts):.2f}, "
                f"{start_cpu_s:.2f} of processor), "
                f"memory {rss_mb:.0f} MB (peak {peak_mb:.0f}), {results_per_s:.1f} results/s, "
                f"processor {100 * cpu:.1f} % of a core, beside inference {100 * beside:.1f} %"
            )
    finally:
        stand.clear()


def invoke_cpu_s(model: Path, count: int = 200) -> float:
    """Processor seconds of one bare invoke at the loop's pace, caches cold as they are there."""
    with Session(model) as session:
        session.invoke()
        used = 0.0
        for _ in range(count):
            time.sleep(0.01)
            began = time.process_time()
            session.invoke()
            used += time.process_time() - began
        return used / count


def children_cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def first_result_s(words: list[str]) -> float:
    began = time.monotonic()
    with subprocess.Popen(
        [*words, "--output", "jsonl", "--frames", "1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        if process.stdout is None or not process.stdout.readline():
            raise SystemExit(f"no result from: {' '.join(words)}")
        return time.monotonic() - began


def steady(words: list[str], seconds: float) -> tuple[float, float, float, float]:
    """Resident MB, peak MB, processor share and results a second of a run in its stride."""
    with subprocess.Popen(
        [*words, "--output", "jsonl"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        lines = process.stdout or ()
        for _ in range(60):
            next(iter(lines))
        began, used, count = time.monotonic(), cpu_s(process.pid), 0
        while time.monotonic() - began < seconds:
            next(iter(lines))
            count += 1
        wall = time.monotonic() - began
        share = (cpu_s(process.pid) - used) / wall
        status = Path(f"/proc/{process.pid}/status").read_text()
        rss, peak = (
            int(found[1]) / 1024
            for name in ("VmRSS", "VmHWM")
            if (found := re.search(rf"{name}:\s+(\d+)", status))
        )
        process.terminate()
        process.communicate()
    return rss, peak, share, count / wall


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


if __name__ == "__main__":
    main()
