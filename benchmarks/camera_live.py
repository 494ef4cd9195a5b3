"""How old answers are on a live stream, next to a loop that reads and works in turns.

    PYTHONPATH=. python benchmarks/camera_live.py mobilenet_v2_int8.tflite --seconds 20

Starts a Motion JPEG camera (30 fps, 640 x 480) whose frames carry its clock, and makes the model
run so many times a frame that the work is above the frame period (33 ms). Ages are by the sender's
clock, so they include encoding, the network and decoding.
"""

import argparse
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from edgevision.camera.loop.loop import CameraLoop, LoopPlan
from edgevision.camera.loop.predictor import Inference, TflitePredictor
from edgevision.camera.model import resolve_model
from edgevision.camera.sources.frame import Frame
from edgevision.camera.sources.source import SourceSettings, open_source, parse_source
from edgevision.preprocess.options import from_flags
from edgevision.runtime.session import Session
from tests.camera.clock_frames import lag_ms
from tests.camera.conftest import CameraStand, Recorder


class Slow(TflitePredictor):
    """The real model, run several times a frame."""

    repeat = 1

    def predict(self, frame: Frame) -> Inference:
        """As the model's own, but slower."""
        runs = [super(Slow, self).predict(frame) for _ in range(self.repeat)]
        return replace(runs[-1], began_ns=runs[0].began_ns, filled_ns=runs[0].filled_ns)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("model", type=Path)
    parser.add_argument("--preprocess", help="preset, for a model without a card")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--work-ms", type=float, default=45, help="work a frame, about")
    arguments = parser.parse_args()
    model = resolve_model(arguments.model, declared=from_flags(preprocess=arguments.preprocess))

    def open_predictor() -> Slow:
        session = Session(arguments.model)
        slow = Slow(session, model.preprocessing, task=model.task)
        began = time.perf_counter()
        for _ in range(10):
            session.invoke()
        once_ms = (time.perf_counter() - began) * 100
        Slow.repeat = max(1, round(arguments.work_ms / once_ms))
        return slow

    stand = CameraStand()
    try:
        url = stand.start(width=640, height=480, fps=30).url
        report("edgevision", *through_loop(url, open_predictor, arguments.seconds))
        report("read, then work", *in_turns(url, open_predictor(), arguments.seconds))
    finally:
        stand.clear()


def through_loop(
    url: str, open_predictor: Callable[[], Slow], seconds: float
) -> tuple[list[int], list[float]]:
    recorder = Recorder(see=lambda frame: lag_ms(frame.unpack()))
    name = parse_source(url)
    plan = LoopPlan(source=url, model="", threads=1, every_frame=False, seconds=seconds)
    loop = CameraLoop(plan, lambda: open_source(name, SourceSettings()), open_predictor)
    loop.add_sink(recorder)
    loop.run(threading.Event())
    return [int(str(lag)) for lag in recorder.seen], [
        result.infer_ms for result in recorder.results
    ]


def in_turns(url: str, predictor: Slow, seconds: float) -> tuple[list[int], list[float]]:
    capture = cv2.VideoCapture(url, cv2.CAP_FFMPEG)
    lags, work = [], []
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        is_read, image = capture.read()
        if not is_read:
            break
        frame = Frame(sequence=0, captured_ns=0, data=np.asarray(image, np.uint8), layout="bgr")
        inference = predictor.predict(frame)
        work.append((inference.ended_ns - inference.filled_ns) / 1e6)
        lags.append(lag_ms(frame.unpack()))
    capture.release()
    return lags, work


def report(name: str, lags: list[int], work_ms: list[float]) -> None:
    skip = max(1, len(lags) // 20)
    ages, fifth = np.array(lags[skip:]), max(1, len(lags[skip:]) // 5)
    inference = float(np.percentile(work_ms, 95))
    bound = inference + 1000 / 30 + 30
    print(
        f"{name:16} {len(lags):4} results, "
        f"work p50 {np.median(work_ms):5.1f} p95 {inference:5.1f} ms, "
        f"age p50 {np.median(ages):6.0f} p95 {np.percentile(ages, 95):6.0f} ms "
        f"(allowed {bound:.0f}), first fifth {np.median(ages[:fifth]):6.0f}, "
        f"last {np.median(ages[-fifth:]):6.0f} ms"
    )


if __name__ == "__main__":
    main()
