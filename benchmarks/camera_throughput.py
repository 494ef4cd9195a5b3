"""Frames a second from a recorded file, against the model alone: the table in docs/camera.md.

    python benchmarks/camera_throughput.py mobilenet_v2_int8.tflite [--clip clip.mp4]

Runs the whole loop over every frame of the clip and the bare `invoke` in turns, so that a busy
machine slows both, and prints the medians and their ratio; and the share of its processor time
that the inference thread spends inside `invoke`, which a busy machine changes least. Without --clip
it records one of 600 frames at 640 x 480 (Motion JPEG).
"""

import argparse
import statistics
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import cv2
import numpy as np

from edgevision.camera import assemble
from edgevision.camera.assemble import CameraRequest, build_loop
from edgevision.runtime.session import Session


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("model", type=Path)
    parser.add_argument("--clip", type=Path)
    parser.add_argument("--preprocess", help="preset, for a model without a card")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        clip = arguments.clip or record(Path(folder) / "clip.avi")
        request = CameraRequest(
            model=arguments.model,
            source=f"file:{clip}",
            preprocess=arguments.preprocess,
            threads=arguments.threads,
        )
        bare: list[float] = []
        looped: list[Pace] = []
        for _ in range(arguments.rounds):
            bare.append(bare_fps(arguments.model, arguments.threads))
            looped.append(timed_loop(request))
            bare.append(bare_fps(arguments.model, arguments.threads))
    print(f"{arguments.model.name}, {arguments.threads} thread(s), {clip.name}")
    print(f"bare invoke  {statistics.median(bare):7.1f} a second")
    print(f"whole loop   {statistics.median(each.fps for each in looped):7.1f} a second")
    # Each loop against the bare runs just before and after it.
    ratios = [
        each.fps / ((bare[2 * index] + bare[2 * index + 1]) / 2)
        for index, each in enumerate(looped)
    ]
    print(f"ratio        {100 * statistics.median(ratios):7.1f} %   best {100 * max(ratios):.1f} %")
    inside = statistics.median(each.inside for each in looped)
    print(f"in invoke    {100 * inside:7.1f} % of the inference thread's processor time")


def record(path: Path, frames: int = 600, width: int = 640, height: int = 480) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 30, (width, height))
    small = np.random.default_rng(0).integers(0, 256, (12, 16, 3), dtype=np.uint8)
    picture = cv2.resize(small, (width, height))
    for number in range(frames):
        writer.write(np.roll(picture, 4 * number, axis=1))
    writer.release()
    return path


def bare_fps(model: Path, threads: int, seconds: float = 1.0) -> float:
    with Session(model, threads=threads) as session:
        for _ in range(20):
            session.invoke()
        count, began = 0, time.perf_counter()
        while time.perf_counter() - began < seconds:
            session.invoke()
            count += 1
        return count / (time.perf_counter() - began)


class Counted(Session):
    """A session that notes the processor time of its thread, inside `invoke` and in all."""

    inside_s = 0.0
    marks: ClassVar[list[tuple[float, float]]] = []
    """After each `invoke`: processor time of the thread so far, and of that inside `invoke`."""

    def invoke(self) -> None:
        """As `Session.invoke`."""
        began = time.thread_time()
        super().invoke()
        ended = time.thread_time()
        Counted.inside_s += ended - began
        Counted.marks.append((ended, Counted.inside_s))


class Stopwatch:
    """A sink that notes when results came."""

    name = "latency_meter"
    dropped = 0

    def __init__(self) -> None:
        self.moments: list[float] = []

    def offer(self, _result: object, _frame: object, /) -> None:
        """Note the time."""
        self.moments.append(time.perf_counter())

    def close(self, timeout: float) -> None:
        """Nothing is held."""
        del timeout


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast one run of the loop was."""

    fps: float
    """Results a second."""
    inside: float
    """Share of the inference thread's processor time that was spent inside `invoke`."""


def timed_loop(request: CameraRequest, skip: int = 20) -> Pace:
    stop = threading.Event()
    Counted.marks = []
    vars(assemble)["Session"] = Counted
    loop = build_loop(request, stop=stop, folder=Path.cwd())
    latency_meter = Stopwatch()
    loop.add_sink(latency_meter)
    loop.run(stop)
    # The first few pay for what later ones find done; the very first invoke is the trial run.
    moments, marks = latency_meter.moments[skip:], Counted.marks[skip + 1 :]
    (began_s, began_inside_s), (ended_s, ended_inside_s) = marks[0], marks[-1]
    return Pace(
        fps=(len(moments) - 1) / (moments[-1] - moments[0]),
        inside=(ended_inside_s - began_inside_s) / (ended_s - began_s),
    )


if __name__ == "__main__":
    main()
