"""The command for minutes on end, with a camera that freezes and dies: nothing may grow.

    PYTHONPATH=. python benchmarks/camera_soak.py model.tflite --minutes 10 [--preprocess unit]

Every quarter of a minute the camera is frozen for some seconds or killed and started again, and
viewers come, read a little, and leave or stop reading. Exits with 1 when memory or threads grow,
or when results stop.
"""

import argparse
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.camera.conftest import CameraProcess, CameraStand

_GROWTH_MB = 12
"""Between the first third and the last: allocators settle late, a leaked frame is 0.9 MB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The process at one moment."""

    at_s: float
    rss_mb: float
    threads: int
    files: int


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("model", type=Path)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--preprocess", help="preset, for a model without a card")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        stand = CameraStand()
        try:
            return soak(arguments, Path(folder), stand)
        finally:
            stand.clear()


def soak(arguments: argparse.Namespace, folder: Path, stand: CameraStand) -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    camera = stand.start(width=640, height=480)
    log = folder / "results.jsonl"
    words = [sys.executable, "-m", "edgevision", "camera", str(arguments.model)]
    words += ["--source", camera.url, "--http", str(port), "--output", f"jsonl:{log}"]
    words += ["--stall-timeout", "1.5", "--save-on", "every:2", "--save-to", str(folder / "kept")]
    words += ["--save-limit", "5", "--smooth", "3/5"]
    words += ["--preprocess", arguments.preprocess] if arguments.preprocess else []
    process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
    samples: list[Sample] = []
    began = time.monotonic()
    trouble_at, viewers = began + 10, list[socket.socket]()
    chance = random.Random(1)
    while (elapsed := time.monotonic() - began) < 60 * arguments.minutes:
        time.sleep(1)
        if process.poll() is not None:
            print(f"ended by itself with {process.returncode}")
            return 1
        samples.append(sample(process.pid, elapsed))
        visit(port, viewers, chance)
        if time.monotonic() >= trouble_at:
            camera = trouble(camera, stand, chance)
            trouble_at = time.monotonic() + 15
        if int(elapsed) % 30 == 0:
            print(samples[-1], flush=True)
    results = json.loads(get(port, "/healthz") or "{}")
    for viewer in viewers:
        viewer.close()
    process.send_signal(signal.SIGTERM)
    _, declared = process.communicate(timeout=30)
    return verdict(samples, results, process.returncode, log, declared)


def sample(pid: int, at_s: float) -> Sample:
    status = Path(f"/proc/{pid}/status").read_text()
    rss, threads = (
        int(found[1])
        for name in ("VmRSS", "Threads")
        if (found := re.search(rf"{name}:\s+(\d+)", status))
    )
    files = len(os.listdir(f"/proc/{pid}/fd"))  # noqa: PTH208 - counted, not used
    return Sample(at_s=at_s, rss_mb=rss / 1024, threads=threads, files=files)


def trouble(camera: CameraProcess, stand: CameraStand, chance: random.Random) -> CameraProcess:
    if chance.random() < 0.5:
        os.kill(camera.process.pid, signal.SIGSTOP)
        time.sleep(3)
        os.kill(camera.process.pid, signal.SIGCONT)
        return camera
    camera.process.kill()
    camera.process.wait()
    time.sleep(2)
    return stand.start(port=camera.port, width=640, height=480)


def visit(port: int, viewers: list[socket.socket], chance: random.Random) -> None:
    """One more viewer, who reads at most once; the oldest leaves."""
    try:
        viewer = socket.create_connection(("127.0.0.1", port), timeout=2)
        path = chance.choice(["/stream", "/results", "/metrics", "/", "/nothing"])
        viewer.sendall(f"GET {path} HTTP/1.1\r\n\r\n".encode())
        if chance.random() < 0.7:
            viewer.recv(65536)
        viewers.append(viewer)
    except OSError:
        return
    if len(viewers) > 6:
        viewers.pop(0).close()


def get(port: int, path: str) -> str:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as wire:
        wire.sendall(f"GET {path} HTTP/1.1\r\n\r\n".encode())
        reply = b"".join(iter(lambda: wire.recv(65536), b""))
    return reply.partition(b"\r\n\r\n")[2].decode()


def verdict(
    samples: list[Sample], health: dict[str, object], code: int, log: Path, declared: str
) -> int:
    settled = samples[len(samples) // 6 :]
    third = max(1, len(settled) // 3)
    first, last = settled[:third], settled[-third:]
    grown_mb = max(each.rss_mb for each in last) - max(each.rss_mb for each in first)
    threads = max(each.threads for each in last) - max(each.threads for each in first)
    files = max(each.files for each in last) - max(each.files for each in first)
    lines = len(log.read_text().splitlines()) if log.exists() else 0
    print(
        f"{lines} lines, memory {samples[-1].rss_mb:.0f} MB ({grown_mb:+.1f}), threads "
        f"{samples[-1].threads} ({threads:+}), files {samples[-1].files} ({files:+}), reconnects "
        f"{health.get('reconnects')}, stuck {health.get('stuck_threads')}, exit code {code}"
    )
    print(declared.strip().splitlines()[-1] if declared.strip() else "")
    is_flat = grown_mb < _GROWTH_MB and threads <= 1 and files <= 6
    is_alive = bool(health.get("reconnects")) and lines > 0 and code == 0
    return 0 if is_flat and is_alive else 1


if __name__ == "__main__":
    sys.exit(main())
