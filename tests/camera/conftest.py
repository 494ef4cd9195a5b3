"""Cameras, models and recorders for the camera's tests."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from edgevision.camera.loop.predictor import Decoded, Inference
from edgevision.camera.loop.result import FrameResult
from edgevision.camera.sources.frame import Frame
from edgevision.tasks.answer import Answer, LabelledItem
from edgevision.tasks.detection.task import FoundObjects
from edgevision.tasks.interface import FrameSize
from edgevision.tasks.scored import LabelScores

ROOT = Path(__file__).resolve().parents[2]


def wait_until(is_true: Callable[[], object], seconds: float = 60.0) -> bool:
    """Whether it became true in time: enough of it that only what hangs fails on a busy machine."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if is_true():
            return True
        time.sleep(0.01)
    return bool(is_true())


def waiting_for(gate: threading.Event) -> Callable[[object], None]:
    """Something that is stuck until the gate opens."""

    def wait(_item: object) -> None:
        gate.wait(120)

    return wait


class FakePredictor:
    """A model that takes `work_s` and answers "thing"; like native code it lets others run."""

    runtime = "fake 1.0"
    xnnpack = True

    def __init__(self, work_s: float = 0.0) -> None:
        self.work_s = work_s
        self.items = (LabelledItem(index=0, label="thing", score=0.9),)
        self.is_closed = False
        self.prepared = 0

    @property
    def input(self) -> "FakePredictor":
        return self

    def prepare(self, frame: Frame) -> None:
        frame.unpack()
        self.prepared += 1

    def predict(self, frame: Frame) -> Inference:
        began_ns = time.monotonic_ns()
        frame.unpack()
        time.sleep(self.work_s)
        return Inference(
            outputs=(),
            decoder=lambda _outputs, frame: decoded(self.items, frame),
            began_ns=began_ns,
            filled_ns=began_ns,
            ended_ns=time.monotonic_ns(),
        )

    def close(self) -> None:
        self.is_closed = True


@dataclass
class Recorder:
    """A sink that remembers what it was offered; `see` turns a frame into what is remembered."""

    see: Callable[[Frame], object] = lambda _frame: None
    name: str = "recorder"
    dropped: int = 0
    results: list[FrameResult] = field(default_factory=list)
    seen: list[object] = field(default_factory=list)
    moments: list[float] = field(default_factory=list)
    is_closed: bool = False

    def offer(self, result: FrameResult, frame: Frame, /) -> None:
        self.seen.append(self.see(frame))
        self.moments.append(time.monotonic())
        self.results.append(result)

    def close(self, timeout: float) -> None:  # noqa: ARG002 - as Sink
        self.is_closed = True


CAT = (LabelledItem(index=7, label="cat", score=0.875),)


def answer_of(items: tuple[LabelledItem, ...], frame: FrameSize) -> Answer:
    if any(item.xyxy is not None for item in items):
        return FoundObjects(frame=frame, items=items)
    return LabelScores(frame=frame, items=items)


def decoded(items: tuple[LabelledItem, ...], frame: FrameSize) -> Decoded:
    return Decoded(answer=answer_of(items, frame), items=items)


def make_result(
    sequence: int = 0,
    *,
    items: tuple[LabelledItem, ...] = CAT,
    size: tuple[int, int] = (64, 48),
    **changes: object,
) -> FrameResult:
    values: dict[str, object] = {
        "sequence": sequence,
        "captured_ns": 1_000_000_000,
        "finished_ns": 1_020_000_000,
        "wait_ms": 1.0,
        "pre_ms": 2.0,
        "infer_ms": 15.0,
        "post_ms": 0.5,
        "dropped": 3,
        "answer": answer_of(items, FrameSize(width=size[0], height=size[1])),
        "steady": ("cat",),
    }
    return FrameResult(**{**values, **changes})  # type: ignore[arg-type]


def make_frame(sequence: int = 0, width: int = 64, height: int = 48) -> Frame:
    data = np.full((height, width, 3), sequence % 256, np.uint8)
    return Frame(sequence=sequence, captured_ns=time.monotonic_ns(), data=data, layout="bgr")


@dataclass
class CameraProcess:
    """A running `mjpeg_server`."""

    process: "subprocess.Popen[str]"
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"


class CameraStand:
    """Starts network cameras and clears them away."""

    def __init__(self) -> None:
        self._processes: list[subprocess.Popen[str]] = []

    def start(
        self, *, port: int = 0, width: int = 320, height: int = 240, fps: float = 30
    ) -> CameraProcess:
        words = [sys.executable, "-m", "tests.camera.mjpeg_server"]
        process = subprocess.Popen(
            [*words, str(port), str(width), str(height), str(fps)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        self._processes.append(process)
        assert process.stdout is not None
        return CameraProcess(process, int(process.stdout.readline()))

    def clear(self) -> None:
        for process in self._processes:
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()


@pytest.fixture
def stand() -> Iterator[CameraStand]:
    made = CameraStand()
    yield made
    made.clear()


@pytest.fixture
def stop() -> threading.Event:
    return threading.Event()
