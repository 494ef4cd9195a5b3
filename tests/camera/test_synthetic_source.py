import itertools
import time

from edgevision.camera.sources.synthetic import SyntheticSource


class Clock:
    def __init__(self) -> None:
        self.now_ns = 5_000_000_000

    def wait(self, seconds: float) -> None:
        self.now_ns += round(seconds * 1e9)


def source(clock: Clock, fps: float = 10) -> SyntheticSource:
    return SyntheticSource(64, 48, fps, clock_ns=lambda: clock.now_ns, wait=clock.wait)


def test_frames_come_at_the_rate() -> None:
    clock = Clock()
    camera = source(clock)
    times = [camera.read(number).captured_ns for number in range(5)]
    assert [later - earlier for earlier, later in itertools.pairwise(times)] == [10**8] * 4


def test_late_reader_misses_frames_and_gets_a_young_one() -> None:
    clock = Clock()
    camera = source(clock)
    camera.read(0)
    clock.wait(0.77)
    frame = camera.read(1)
    assert 0 <= clock.now_ns - frame.captured_ns < 10**8


def test_pictures_move() -> None:
    clock = Clock()
    camera = source(clock)
    first, second = (camera.read(number).unpack() for number in range(2))
    assert first.shape == (48, 64, 3)
    assert (first != second).any()


def test_no_frame_comes_before_its_time() -> None:
    camera = SyntheticSource(32, 32, 100)
    began = time.monotonic()
    for number in range(30):
        camera.read(number)
    assert time.monotonic() - began > 0.28
