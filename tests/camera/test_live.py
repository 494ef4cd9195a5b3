"""Network cameras that lag, stall, die and come back; frames carry the sender's clock."""

import functools
import os
import signal
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from edgevision.camera.loop.loop import CameraLoop, LoopPlan
from edgevision.camera.loop.watchdog import WatchdogPolicy
from edgevision.camera.sources.frame import Frame
from edgevision.camera.sources.source import SourceSettings, open_source, parse_source
from tests.camera.clock_frames import lag_ms, read_clock
from tests.camera.conftest import CameraStand, FakePredictor, Recorder, wait_until

OPTIONS = SourceSettings(open_timeout_s=30, read_timeout_s=2)
PATIENCE = WatchdogPolicy(stall_s=4.0, open_s=60.0, first_delay_s=0.1, longest_delay_s=0.5)


def sender_ms(frame: Frame) -> int:
    """When the sender made the picture, on this machine's monotonic clock."""
    now_ms = time.monotonic_ns() // 1_000_000
    return now_ms - lag_ms(frame.unpack())


@contextmanager
def watching(
    url: str, work_s: float, options: SourceSettings = OPTIONS, **see: Any
) -> Iterator[tuple[CameraLoop, Recorder]]:
    """A loop on the stream at `url`, running in the background."""
    recorder = Recorder(see=see.get("see", lambda frame: lag_ms(frame.unpack())))
    name = parse_source(url)
    plan = LoopPlan(source=url, model="fake", threads=1, every_frame=False, policy=PATIENCE)
    loop = CameraLoop(plan, lambda: open_source(name, options), lambda: FakePredictor(work_s))
    loop.add_sink(recorder)
    stop = threading.Event()
    thread = threading.Thread(target=loop.run, args=(stop,))
    thread.start()
    try:
        yield loop, recorder
    finally:
        stop.set()
        thread.join(60)
    assert not thread.is_alive()


def test_age_is_bounded_and_does_not_grow_when_work_is_above_the_frame_period(
    stand: CameraStand,
) -> None:
    with watching(stand.start(fps=30).url, work_s=0.2) as (_, recorder):
        assert wait_until(lambda: len(recorder.results) >= 40)
    lags = [int(str(lag)) for lag in recorder.seen]
    # Working off every frame would add 167 ms a result: 4.5 s from the first third to the last.
    # How young frames really are is measured by benchmarks/camera_live.py.
    first, last = lags[: len(lags) // 3], lags[-len(lags) // 3 :]
    assert statistics.median(last) - statistics.median(first) < 1500


def test_reading_and_working_in_turns_falls_behind_and_the_clock_shows_it(
    stand: CameraStand,
) -> None:
    """The twin of the test above: a loop that does lag is seen to."""
    source = open_source(parse_source(stand.start(fps=30).url), OPTIONS)
    lags = []
    for number in range(25):
        frame = source.read(number)
        assert frame is not None
        threading.Event().wait(0.1)
        lags.append(lag_ms(frame.unpack()))
    source.close()
    assert lags[-1] > lags[0] + 500


def test_reported_age_is_the_true_age(stand: CameraStand) -> None:
    with watching(stand.start(fps=30).url, work_s=1.0) as (_, recorder):
        assert wait_until(lambda: len(recorder.results) >= 7)
    differences = [
        int(str(lag)) - result.age_ms
        for lag, result in zip(recorder.seen, recorder.results, strict=True)
    ]
    # The network and the sender's encoding come on top of what we can know; the work does not.
    assert 0 <= statistics.median(differences) < 900


def test_camera_that_freezes_is_left_and_found_again(stand: CameraStand) -> None:
    camera = stand.start()
    with watching(camera.url, work_s=0.01, see=sender_ms) as (loop, recorder):
        assert wait_until(lambda: len(recorder.results) >= 10)
        os.kill(camera.process.pid, signal.SIGSTOP)
        assert wait_until(lambda: not loop.status().is_up)
        continued_ms = time.monotonic_ns() // 1_000_000
        os.kill(camera.process.pid, signal.SIGCONT)
        # Not what was under way before: pictures of now.
        assert wait_until(lambda: int(str(recorder.seen[-1])) >= continued_ms)
        assert loop.status().reconnects >= 1


def test_camera_that_dies_and_restarts_is_found_again(stand: CameraStand) -> None:
    camera = stand.start()
    with watching(camera.url, work_s=0.01) as (loop, recorder):
        assert wait_until(lambda: len(recorder.results) >= 10)
        camera.process.kill()
        camera.process.wait()
        # Refused connections while it is away: tried again and again, without end.
        assert wait_until(lambda: loop.status().reconnects >= 3)
        assert "refused" in loop.status().last_error
        seen = len(recorder.results)
        stand.start(port=camera.port)
        assert wait_until(lambda: len(recorder.results) >= seen + 20)
        numbers = [result.sequence for result in recorder.results]
        assert numbers == sorted(set(numbers))


def test_camera_that_comes_back_with_another_size_goes_on(stand: CameraStand) -> None:
    camera = stand.start(width=320, height=240)
    with watching(camera.url, work_s=0.0) as (_, recorder):
        assert wait_until(lambda: len(recorder.results) >= 5)
        camera.process.kill()
        camera.process.wait()
        stand.start(port=camera.port, width=640, height=360)
        assert wait_until(lambda: recorder.results[-1].answer.frame.width == 640)


def test_clock_survives_the_camera_s_compression() -> None:
    import cv2
    import numpy as np

    from tests.camera.clock_frames import clock_picture

    _, encoded = cv2.imencode(".jpg", clock_picture(320, 240, 0xDEADBEEF))
    decoded = cv2.imdecode(encoded, cv2.IMREAD_COLOR)
    assert read_clock(np.asarray(decoded, np.uint8)) == 0xDEADBEEF


def has_more(recorder: Recorder, results: int) -> bool:
    return len(recorder.results) >= results


@pytest.mark.slow
def test_frozen_camera_is_survived_twenty_times(stand: CameraStand) -> None:
    camera = stand.start()
    with watching(camera.url, work_s=0.005) as (loop, recorder):
        for _ in range(20):
            seen = len(recorder.results)
            assert wait_until(functools.partial(has_more, recorder, seen + 5))
            os.kill(camera.process.pid, signal.SIGSTOP)
            assert wait_until(lambda: not loop.status().is_up)
            os.kill(camera.process.pid, signal.SIGCONT)
        names = [thread.name for thread in threading.enumerate()]
        assert names.count("grabber") <= 2
        assert loop.status().stuck_threads == 0
