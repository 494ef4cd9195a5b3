"""How long `edgevision optimize --int8` takes beside the textbook script, and how much memory.

Both from process start, on the same model and the same 200 photos, in turns. The textbook only
converts; ours also evaluates both files, times them and packages. Run:

    python benchmarks/compare_toolchain.py [--rounds 3] [--quality fast] [--json FILE]

Needs ../shared/data (a trained MobileNetV2 and photos). Figures are ratios of one run on one
machine, with the spread over the rounds.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
MODEL = DATA / "models" / "mobilenet_v2_1.0_224_imagenet.keras"
PHOTOS = (DATA / "photos" / "calibration", DATA / "photos" / "evaluation")
COUNT = 200


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Of one whole process tree."""

    seconds: float
    peak_rss_bytes: int
    """Largest sum of resident memory over all processes alive at one time, sampled each 20 ms."""


def run(command: list[str], cwd: Path) -> Cost:
    begun = time.perf_counter()
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    environment.pop("TF_NUM_INTRAOP_THREADS", None)
    with (cwd / "log").open("ab") as log:
        process = subprocess.Popen(command, cwd=cwd, stdout=log, stderr=log, env=environment)
        peaks = [0]
        watcher = threading.Thread(target=watch, args=(process, peaks))
        watcher.start()
        code = process.wait()
        seconds = time.perf_counter() - begun
        watcher.join()
    if code:
        sys.exit(f"{command[:4]} failed with {code}:\n{(cwd / 'log').read_text()[-2000:]}")
    return Cost(seconds=seconds, peak_rss_bytes=peaks[0])


def watch(process: "subprocess.Popen[bytes]", peaks: list[int]) -> None:
    while process.poll() is None:
        peaks[0] = max(peaks[0], tree_rss_bytes(process.pid))
        time.sleep(0.02)


def tree_rss_bytes(pid: int) -> int:
    """Resident memory of a process and its descendants."""
    total, todo = 0, [pid]
    while todo:
        one = todo.pop()
        folder = Path(f"/proc/{one}")
        try:
            pages = int((folder / "statm").read_text().split()[1])
            children = [
                word
                for task in (folder / "task").iterdir()
                for word in (task / "children").read_text().split()
            ]
        except (OSError, IndexError):
            # It ended while we looked.
            continue
        total += pages * os.sysconf("SC_PAGE_SIZE")
        todo += [int(child) for child in children]
    return total


def gather_photos(folder: Path) -> None:
    paths = [path for photos in PHOTOS for path in sorted(photos.glob("*.jpg"))][:COUNT]
    for path in paths:
        (folder / path.name).symlink_to(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quality", choices=["fast", "balanced", "best"], default="balanced")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if not DATA.is_dir():
        sys.exit("needs ../shared/data beside the checkout")
    ours: list[Cost] = []
    textbook: list[Cost] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        photos = folder / "photos"
        photos.mkdir()
        gather_photos(photos)
        script = str(ROOT / "benchmarks" / "textbook_ptq.py")
        commands = {
            "textbook": [sys.executable, script, str(MODEL), "textbook.tflite", str(photos)],
            "ours": [
                *(sys.executable, "-m", "edgevision", "optimize", str(MODEL), "--int8"),
                *("--calibration", str(photos), "--preprocess", "imagenet-torch"),
                *("--quality", options.quality, "-o", "ours", "--overwrite"),
            ],
        }
        for number in range(options.rounds):
            order = ["textbook", "ours"] if number % 2 == 0 else ["ours", "textbook"]
            for which in order:
                cost = run(commands[which], folder)
                (ours if which == "ours" else textbook).append(cost)
                print(f"{which:9} {cost.seconds:6.1f} s  {cost.peak_rss_bytes / 1e6:7.0f} MB")
    time_ratios = [a.seconds / b.seconds for a, b in zip(ours, textbook, strict=True)]
    memory_ratios = [
        a.peak_rss_bytes / b.peak_rss_bytes for a, b in zip(ours, textbook, strict=True)
    ]
    for what, ratios in (("time", time_ratios), ("peak memory", memory_ratios)):
        middle = statistics.median(ratios)
        print(f"{what}, ours over textbook: {middle:.2f} ({min(ratios):.2f} to {max(ratios):.2f})")
    if options.json:
        document = {
            "model": MODEL.name,
            "images": COUNT,
            "quality": options.quality,
            "ours": [asdict(cost) for cost in ours],
            "textbook": [asdict(cost) for cost in textbook],
            "time_ratios": time_ratios,
            "memory_ratios": memory_ratios,
        }
        options.json.write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
