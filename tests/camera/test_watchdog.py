from collections.abc import Callable  # noqa: TC003 - named in an attribute
from dataclasses import dataclass
from typing import Any

import pytest

from edgevision.camera.loop.watchdog import Watchdog, WatchdogPolicy
from edgevision.errors import DeviceError, EdgeVisionError


@dataclass
class FakeGrabber:
    is_opened: bool = True
    frames: int = 0
    has_ended: bool = False
    error: EdgeVisionError | None = None
    is_alive: bool = True
    busy: float = 0.0
    is_abandoned: bool = False

    def start(self) -> None:
        return

    def abandon(self) -> None:
        self.is_abandoned = True

    def join(self, timeout: float) -> None:  # noqa: ARG002 - as Grabber
        return

    def busy_s(self) -> float:
        return self.busy

    def fail(self, why: str = "lost") -> None:
        self.error, self.is_alive = DeviceError(why), False


class Stage:
    """A watchdog with a clock that the test turns, and the grabbers it has made."""

    def __init__(self, **policy: Any) -> None:
        self.now = 100.0
        self.made: list[FakeGrabber] = []
        self.prepare: Callable[[FakeGrabber], None] = lambda _grabber: None
        make: Any = self._make
        self.watchdog = Watchdog(
            make, WatchdogPolicy(**policy), clock=lambda: self.now, jitter=lambda: 1.0
        )

    def _make(self) -> FakeGrabber:
        grabber = FakeGrabber()
        self.made.append(grabber)
        self.prepare(grabber)
        return grabber

    def pass_time(self, seconds: float, step: float = 0.05) -> None:
        for _ in range(round(seconds / step)):
            self.now += step
            self.watchdog.tick()

    def delays(self, failures: int) -> list[float]:
        """Waiting times before each reopening, when every one fails at once."""
        self.prepare = FakeGrabber.fail
        found = []
        for _ in range(failures):
            began, made = self.now, len(self.made)
            while len(self.made) == made:
                self.pass_time(0.05)
            found.append(round(self.now - began, 1))
        return found


def test_delays_double_up_to_a_limit() -> None:
    stage = Stage()
    stage.watchdog.tick()
    stage.made[0].fail()
    assert stage.delays(9) == pytest.approx([0.5, 1, 2, 4, 8, 16, 30, 30, 30], abs=0.21)


def test_delay_starts_over_after_a_healthy_while() -> None:
    stage = Stage()
    stage.watchdog.tick()
    stage.made[0].fail()
    stage.delays(5)
    stage.prepare = lambda _grabber: None
    stage.pass_time(31)
    for _ in range(400):
        stage.made[-1].frames += 1
        stage.pass_time(0.05)
    stage.made[-1].fail()
    assert stage.delays(1) == pytest.approx([0.5], abs=0.11)


def test_delay_does_not_start_over_when_each_life_is_short() -> None:
    stage = Stage()
    stage.watchdog.tick()
    for _ in range(4):
        grabber = stage.made[-1]
        grabber.frames += 1
        stage.pass_time(0.2)
        grabber.fail()
        made = len(stage.made)
        began = stage.now
        while len(stage.made) == made:
            stage.pass_time(0.05)
    assert stage.now - began > 3.5


def test_hanging_source_is_abandoned_and_replaced() -> None:
    stage = Stage(stall_s=5.0)
    stage.watchdog.tick()
    stage.made[0].busy = 4.9
    stage.watchdog.tick()
    assert stage.watchdog.stalls == 0
    stage.made[0].busy = 5.1
    stage.watchdog.tick()
    assert stage.made[0].is_abandoned
    assert not stage.watchdog.is_up
    stage.pass_time(1)
    assert (stage.watchdog.stalls, stage.watchdog.reconnects, stage.watchdog.stuck) == (1, 1, 1)
    assert stage.watchdog.is_up
    stage.made[0].is_alive = False
    stage.watchdog.tick()
    assert stage.watchdog.stuck == 0


def test_opening_has_a_limit_of_its_own() -> None:
    stage = Stage(stall_s=1.0, open_s=10.0, keep_trying=True)
    stage.made[0].is_opened, stage.made[0].busy = False, 9.0
    stage.watchdog.tick()
    assert stage.watchdog.stalls == 0
    stage.made[0].busy = 10.5
    stage.watchdog.tick()
    assert "did not open for 10 s" in stage.watchdog.last_error


def test_three_stuck_threads_end_the_process() -> None:
    stage = Stage(stuck_threads=3)
    stage.watchdog.tick()

    def hang(grabber: FakeGrabber) -> None:
        grabber.busy = 99.0

    hang(stage.made[0])
    stage.prepare = hang
    with pytest.raises(DeviceError, match="3 threads are stuck"):
        stage.pass_time(60)


def test_stuck_thread_that_holds_the_device_ends_the_process_too() -> None:
    stage = Stage(stuck_s=60.0)
    stage.watchdog.tick()
    stage.made[0].busy = 99.0
    stage.prepare = lambda grabber: grabber.fail("device busy")
    with pytest.raises(DeviceError, match="a thread is stuck"):
        stage.pass_time(120)
    assert stage.now - 100 == pytest.approx(60, abs=2)


def test_source_that_never_opened_is_an_error_at_once() -> None:
    stage = Stage()
    stage.made[0].is_opened = False
    stage.made[0].fail("no such camera")
    with pytest.raises(DeviceError, match="no such camera"):
        stage.watchdog.tick()


def test_source_that_never_opened_is_tried_again_when_asked() -> None:
    stage = Stage(keep_trying=True)
    stage.made[0].is_opened = False
    stage.made[0].fail("no such camera")
    stage.pass_time(1)
    assert stage.watchdog.reconnects == 1


def test_attempts_can_be_limited() -> None:
    stage = Stage(reconnects=2)
    stage.watchdog.tick()
    stage.made[0].fail("gone")
    stage.prepare = FakeGrabber.fail
    with pytest.raises(DeviceError, match="gave up after 2 attempts"):
        stage.pass_time(20)
    assert stage.watchdog.reconnects == 2


def test_end_of_a_file_is_no_failure() -> None:
    stage = Stage()
    stage.made[0].has_ended = True
    assert not stage.watchdog.tick()
    assert stage.watchdog.reconnects == 0


def test_leaving_with_a_stuck_thread_is_told() -> None:
    stage = Stage()
    assert not stage.watchdog.stop(0)
    stage.made[0].is_alive = False
    assert stage.watchdog.stop(0)
