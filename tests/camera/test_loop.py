"""The loop as a whole, with sources and models that are real in their manners."""

import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from edgevision.camera.loop.loop import CameraLoop, LoopPlan
from edgevision.camera.loop.watchdog import WatchdogPolicy
from edgevision.camera.outputs.systemd import Notifier
from edgevision.camera.sources.frame import Frame
from edgevision.camera.sources.source import FrameSource
from edgevision.camera.sources.synthetic import SyntheticSource
from edgevision.errors import DeviceError, EdgeVisionError, ModelError
from edgevision.tasks.interface import FrameSize
from tests.camera.conftest import FakePredictor, Recorder, make_frame, wait_until, waiting_for

QUICK = WatchdogPolicy(stall_s=60, open_s=60, first_delay_s=0.05, longest_delay_s=0.2)
"""Quick to try again; but no busy machine is taken for a source that hangs."""


class FileLike:
    """So many frames, as fast as they are read."""

    is_live = False

    def __init__(self, frames: int) -> None:
        self.left = frames

    def read(self, sequence: int) -> Frame | None:
        self.left -= 1
        return make_frame(sequence) if self.left >= 0 else None

    def close(self) -> None:
        return


def loop_of(
    source: Callable[[], FrameSource],
    predictor: Callable[[], Any],
    *sinks: Any,
    every_frame: bool = False,
    **plan: Any,
) -> CameraLoop:
    values: dict[str, Any] = {
        "source": "test",
        "model": "test.tflite",
        "threads": 1,
        "policy": QUICK,
        **plan,
    }
    loop = CameraLoop(LoopPlan(every_frame=every_frame, **values), source, predictor)
    for sink in sinks:
        loop.add_sink(sink)
    return loop


def test_every_frame_of_a_file_is_predicted_in_order(stop: threading.Event) -> None:
    recorder, predictor = Recorder(), FakePredictor(0.002)
    loop = loop_of(lambda: FileLike(100), lambda: predictor, recorder, every_frame=True)
    loop.run(stop)
    assert [result.sequence for result in recorder.results] == list(range(100))
    assert recorder.results[-1].dropped == 0
    assert predictor.prepared == 100
    assert predictor.is_closed
    assert recorder.is_closed
    assert loop.has_ended_clean


def test_live_source_gives_young_frames_however_slow_the_model(stop: threading.Event) -> None:
    recorder = Recorder()
    loop = loop_of(
        lambda: SyntheticSource(64, 48, 100), lambda: FakePredictor(0.2), recorder, frames=15
    )
    loop.run(stop)
    # Twenty frames pass during the work on one: what is taken next was taken during the work.
    waits = [result.wait_ms for result in recorder.results[1:]]
    assert np.median(waits) < 200
    assert recorder.results[-1].dropped > len(recorder.results)


def test_frames_of_a_file_can_be_skipped_when_asked(stop: threading.Event) -> None:
    recorder = Recorder()
    loop = loop_of(lambda: FileLike(5000), lambda: FakePredictor(0.01), recorder)
    loop.run(stop)
    assert 0 < len(recorder.results) < 5000
    assert len(recorder.results) + loop.status().dropped == 5000


def test_run_stops_after_so_many_results(stop: threading.Event) -> None:
    recorder = Recorder()
    loop_of(lambda: SyntheticSource(8, 8, 200), FakePredictor, recorder, frames=7).run(stop)
    assert len(recorder.results) == 7


def test_run_stops_when_told(stop: threading.Event) -> None:
    threading.Timer(0.3, stop.set).start()
    began = time.monotonic()
    loop = loop_of(lambda: SyntheticSource(8, 8, 50), FakePredictor)
    loop.run(stop)
    assert time.monotonic() - began < 60
    assert loop.has_ended_clean
    assert not [t.name for t in threading.enumerate() if t.name in {"grabber", "inference"}]


def test_first_error_of_the_source_reaches_the_caller(stop: threading.Event) -> None:
    def refuse() -> FrameSource:
        message = "no camera"
        raise DeviceError(message)

    with pytest.raises(DeviceError, match="no camera"):
        loop_of(refuse, FakePredictor).run(stop)


def test_model_that_does_not_open_ends_the_run_and_frees_the_camera(
    stop: threading.Event,
) -> None:
    def refuse() -> Any:
        message = "damaged"
        raise ModelError(message)

    closed = threading.Event()

    class Camera(SyntheticSource):
        def close(self) -> None:
            closed.set()

    with pytest.raises(ModelError, match="damaged"):
        loop_of(lambda: Camera(8, 8, 50), refuse).run(stop)
    assert closed.wait(60)


def test_error_of_the_model_while_running_ends_the_run(stop: threading.Event) -> None:
    class Broken(FakePredictor):
        def predict(self, frame: Frame) -> Any:  # noqa: ARG002 - as Predictor
            message = "op 7 failed"
            raise ModelError(message)

    with pytest.raises(ModelError, match="op 7"):
        loop_of(lambda: SyntheticSource(8, 8, 50), Broken).run(stop)


def test_answers_that_cannot_be_read_end_the_run(stop: threading.Event) -> None:
    class Garbled(FakePredictor):
        def predict(self, frame: Frame) -> Any:
            def decode(outputs: Any, frame: FrameSize) -> Any:
                message = f"class 1001 of {len(outputs)} in {frame}"
                raise IndexError(message)

            return replace(super().predict(frame), decoder=decode)

    with pytest.raises(EdgeVisionError, match="class 1001"):
        loop_of(lambda: FileLike(1), Garbled, every_frame=True).run(stop)


def test_lost_source_is_opened_again_and_numbers_go_on(stop: threading.Event) -> None:
    class Flaky(SyntheticSource):
        left = 10

        def read(self, sequence: int) -> Frame:
            self.left -= 1
            if self.left < 0:
                message = "lost"
                raise DeviceError(message)
            return super().read(sequence)

    recorder = Recorder()
    loop = loop_of(lambda: Flaky(8, 8, 100), FakePredictor, recorder, frames=35)
    loop.run(stop)
    numbers = [result.sequence for result in recorder.results]
    assert numbers == sorted(set(numbers))
    assert loop.status().reconnects >= 3
    assert loop.status().stalls == 0


def test_source_stuck_in_native_code_is_replaced(stop: threading.Event) -> None:
    gate = threading.Event()
    lives = itertools.count()

    class Hanging(SyntheticSource):
        def __init__(self) -> None:
            super().__init__(8, 8, 100)
            self.life = next(lives)

        def read(self, sequence: int) -> Frame:
            if self.life == 0 and sequence >= 5:
                gate.wait(120)
            return super().read(sequence)

    recorder = Recorder()
    policy = replace(QUICK, stall_s=1.0)
    loop = loop_of(Hanging, FakePredictor, recorder, frames=30, policy=policy)
    loop.run(stop)
    assert len(recorder.results) == 30
    assert loop.status().stalls >= 1
    assert not loop.has_ended_clean
    gate.set()


def test_inference_stuck_in_native_code_is_replaced(stop: threading.Event) -> None:
    gate = threading.Event()
    made: list[FakePredictor] = []

    class Hanging(FakePredictor):
        def predict(self, frame: Frame) -> Any:
            if self is made[0] and frame.sequence >= 3:
                gate.wait(120)
            return super().predict(frame)

    def open_predictor() -> FakePredictor:
        made.append(Hanging())
        return made[-1]

    recorder = Recorder()
    loop = loop_of(
        lambda: SyntheticSource(8, 8, 100), open_predictor, recorder, frames=20, infer_stall_s=1.0
    )
    loop.run(stop)
    assert len(made) >= 2
    assert len(recorder.results) == 20
    gate.set()


def test_inference_that_always_hangs_ends_the_process(stop: threading.Event) -> None:
    gate = threading.Event()

    class Hanging(FakePredictor):
        def predict(self, frame: Frame) -> Any:  # noqa: ARG002 - as Predictor
            gate.wait(120)

    loop = loop_of(lambda: SyntheticSource(8, 8, 100), Hanging, infer_stall_s=0.2)
    with pytest.raises(DeviceError, match="3 threads are stuck in inference"):
        loop.run(stop)
    assert not loop.has_ended_clean
    gate.set()


def test_torn_frames_are_counted_and_a_broken_stream_is_opened_again(
    stop: threading.Event,
) -> None:
    lives = itertools.count()

    class Torn(SyntheticSource):
        def __init__(self) -> None:
            super().__init__(8, 8, 200)
            self.is_broken = next(lives) == 0

        def read(self, sequence: int) -> Frame:
            frame = super().read(sequence)
            if self.is_broken and sequence % 40:
                frame.data, frame.layout = np.frombuffer(b"\xff\xd8torn", np.uint8), "jpeg"
            return frame

    recorder = Recorder()
    loop = loop_of(Torn, FakePredictor, recorder, frames=60)
    loop.run(stop)
    status = loop.status()
    assert status.figures.bad_frames >= 30
    assert status.reconnects == 1
    assert "30 bad frames in a row" in status.last_error


@pytest.mark.parametrize("every_frame", [True, False])
def test_size_may_change_in_mid_stream(stop: threading.Event, every_frame: bool) -> None:
    class Changing(FileLike):
        def read(self, sequence: int) -> Frame | None:
            frame = super().read(sequence)
            if frame is not None:
                side = 8 + 8 * (sequence % 5)
                frame.data = np.zeros((side, 2 * side, 3), np.uint8)
                time.sleep(0.005)
            return frame

    recorder = Recorder()
    loop_of(lambda: Changing(25), FakePredictor, recorder, every_frame=every_frame).run(stop)
    assert {
        result.answer.frame.width / result.answer.frame.height for result in recorder.results
    } == {2.0}
    assert len({result.answer.frame.width for result in recorder.results}) == 5


def test_slow_sink_does_not_slow_inference(stop: threading.Event) -> None:
    from edgevision.camera.outputs.sink import QueuedSink, result_only

    gate = threading.Event()
    stuck: QueuedSink[Any] = QueuedSink("stuck", waiting_for(gate), choose=result_only, capacity=5)

    def open_at_the_end(frame: Frame) -> None:
        if frame.sequence == 99:
            gate.set()

    # Stuck until all is done: inference that waited for it would never get there.
    recorder = Recorder(see=open_at_the_end)
    loop = loop_of(lambda: FileLike(100), FakePredictor, stuck, recorder, every_frame=True)
    loop.run(stop)
    assert len(recorder.results) == 100
    assert loop.status().sinks_dropped["stuck"] >= 94


def test_closed_pipe_ends_the_run(stop: threading.Event) -> None:
    from edgevision.camera.outputs.sink import QueuedSink, result_only

    def write(_item: object) -> None:
        raise BrokenPipeError

    sink: QueuedSink[Any] = QueuedSink("jsonl", write, choose=result_only, capacity=5)
    with pytest.raises(BrokenPipeError):
        loop_of(lambda: SyntheticSource(8, 8, 100), FakePredictor, sink).run(stop)


def test_systemd_is_kept_informed(stop: threading.Event) -> None:
    declared: list[str] = []

    class Listening(Notifier):
        def _send(self, message: str) -> None:
            declared.append(message)
            if sum(each.startswith("WATCHDOG=1") and "results/s" in each for each in declared) >= 5:
                stop.set()

    plan = LoopPlan(source="cam", model="m", threads=1, every_frame=False, policy=QUICK)
    notifier = Listening({"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "200000"})
    CameraLoop(plan, lambda: SyntheticSource(8, 8, 100), FakePredictor, notifier=notifier).run(stop)
    assert declared[-1] == "STOPPING=1"
    assert sum(message.startswith("READY=1") for message in declared) == 1


def test_status_can_be_asked_at_any_time(stop: threading.Event) -> None:
    loop = loop_of(lambda: SyntheticSource(8, 8, 100), FakePredictor)
    assert not loop.status().is_up
    thread = threading.Thread(target=loop.run, args=(stop,))
    thread.start()
    assert wait_until(lambda: loop.status().figures.results > 60)
    assert wait_until(lambda: loop.status().camera_fps > 0)
    status = loop.status()
    assert status.is_up
    assert status.runtime == "fake 1.0"
    assert status.is_healthy(60)
    stop.set()
    thread.join()
