import itertools
import threading
from collections.abc import Callable

from edgevision.camera.loop.grabber import Grabber
from edgevision.camera.sources.frame import Frame
from edgevision.errors import DeviceError
from tests.camera.conftest import make_frame, wait_until, waiting_for


class ListSource:
    """Frames from a list of things to do."""

    is_live = True

    def __init__(self, *acts: Callable[[], object]) -> None:
        self.acts = iter(acts)
        self.is_closed = False

    def read(self, sequence: int) -> Frame | None:
        act = next(self.acts, None)
        if act is None:
            return None
        act()
        return make_frame(sequence)

    def close(self) -> None:
        self.is_closed = True


def grab(source: ListSource, got: list[Frame]) -> Grabber:
    grabber = Grabber(lambda: source, got.append, itertools.count())
    grabber.start()
    return grabber


def nothing() -> None:
    return


def test_frames_are_numbered_and_the_end_is_told() -> None:
    source, got = ListSource(nothing, nothing, nothing), list[Frame]()
    grabber = grab(source, got)
    grabber.join(60)
    assert [frame.sequence for frame in got] == [0, 1, 2]
    assert grabber.has_ended
    assert grabber.error is None
    assert source.is_closed


def test_lost_source_is_closed_and_its_error_kept() -> None:
    def lose() -> None:
        raise DeviceError("cable pulled")

    source, got = ListSource(nothing, lose), list[Frame]()
    grabber = grab(source, got)
    grabber.join(60)
    assert str(grabber.error) == "cable pulled"
    assert not grabber.has_ended
    assert source.is_closed


def test_any_exception_of_a_driver_becomes_a_device_error() -> None:
    def break_down() -> None:
        raise KeyError("SensorTimestamp")

    grabber = grab(ListSource(break_down), [])
    grabber.join(60)
    assert isinstance(grabber.error, DeviceError)
    assert "KeyError" in str(grabber.error)


def test_abandoned_while_stuck_it_passes_on_nothing_and_closes_its_source() -> None:
    gate = threading.Event()
    source, got = ListSource(nothing, lambda: gate.wait(120)), list[Frame]()
    grabber = grab(source, got)
    assert wait_until(lambda: len(got) == 1 and grabber.busy_s() > 0.05)
    grabber.abandon()
    assert grabber.is_alive
    gate.set()
    grabber.join(60)
    assert len(got) == 1
    assert source.is_closed


def test_waiting_for_room_in_line_is_not_being_stuck() -> None:
    gate = threading.Event()
    grabber = Grabber(lambda: ListSource(nothing), waiting_for(gate), itertools.count())
    grabber.start()
    assert wait_until(lambda: grabber.frames == 1)
    threading.Event().wait(0.05)
    assert grabber.busy_s() == 0
    gate.set()
    grabber.join(60)


def test_source_that_cannot_be_closed_does_no_harm() -> None:
    class Stubborn(ListSource):
        def close(self) -> None:
            raise RuntimeError("still streaming")

    grabber = grab(Stubborn(nothing), [])
    grabber.join(60)
    assert grabber.has_ended
    assert grabber.error is None
