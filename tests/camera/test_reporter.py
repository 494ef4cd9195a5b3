import gc
import threading
import weakref
from typing import Any

import pytest

from edgevision.camera.loop.hysteresis import Hysteresis, Smoothing
from edgevision.camera.loop.predictor import Decoded, Inference
from edgevision.camera.loop.reporter import Reporter
from edgevision.camera.loop.stats import LoopStats
from edgevision.camera.sources.frame import Frame
from edgevision.tasks.answer import LabelledItem
from edgevision.tasks.interface import FrameSize
from edgevision.tasks.scored import LabelScores
from tests.camera.conftest import Recorder, make_frame, wait_until, waiting_for

CAT = LabelledItem(index=0, label="cat", score=0.9)
DOG = LabelledItem(index=1, label="dog", score=0.3)


def inference_of(**times: int) -> Inference:
    def decode(_outputs: object, frame: FrameSize) -> Decoded:
        return Decoded(answer=LabelScores(frame=frame, items=(CAT,)), items=(CAT, DOG))

    marks = {"began_ns": 0, "filled_ns": 0, "ended_ns": 0, **times}
    return Inference(outputs=(), decoder=decode, **marks)


def reporter_to(*sinks: Any, **options: Any) -> Reporter:
    values: dict[str, Any] = {
        "stats": LoopStats(),
        "hysteresis": Hysteresis(Smoothing(), on=0.5, off=0.4),
        **options,
    }
    reporter = Reporter(sinks, **values)
    reporter.start()
    return reporter


def test_everything_reported_reaches_every_sink_in_order() -> None:
    recorders, stats = (Recorder(), Recorder()), LoopStats()
    reporter = reporter_to(*recorders, stats=stats)
    for number in range(20):
        assert reporter.report(make_frame(number), inference_of(), dropped=number)
    assert reporter.close(60)
    for recorder in recorders:
        assert [result.sequence for result in recorder.results] == list(range(20))
        assert [result.dropped for result in recorder.results] == list(range(20))
    assert stats.figures().results == 20


def test_the_time_of_each_part_is_told_apart() -> None:
    recorder = Recorder()
    reporter = reporter_to(recorder, clock_ns=lambda: 47_000_000)
    frame = make_frame()
    frame.captured_ns = 1_000_000
    inference = inference_of(began_ns=11_000_000, filled_ns=14_000_000, ended_ns=45_000_000)
    reporter.report(frame, inference, dropped=0)
    assert reporter.close(60)
    (result,) = recorder.results
    parts = (result.wait_ms, result.pre_ms, result.infer_ms, result.post_ms)
    assert parts == (10.0, 3.0, 31.0, 2.0)
    assert result.age_ms == sum(parts)


def test_labels_below_the_threshold_steer_but_are_not_reported() -> None:
    recorder = Recorder()
    reporter = reporter_to(recorder, hysteresis=Hysteresis(Smoothing(), on=0.25, off=0.2))
    reporter.report(make_frame(), inference_of(), dropped=0)
    assert reporter.close(60)
    assert recorder.results[0].answer.items == (CAT,)
    assert recorder.results[0].steady == ("cat", "dog")


def test_the_last_one_wanted_is_told() -> None:
    reporter = reporter_to(limit=3)
    assert [reporter.report(make_frame(), inference_of(), dropped=0) for _ in range(3)] == [
        True,
        True,
        False,
    ]
    assert reporter.close(60)


def test_inference_waits_for_a_reporter_that_is_behind_and_nothing_is_lost() -> None:
    gate = threading.Event()
    recorder = Recorder(see=waiting_for(gate))
    reporter = reporter_to(recorder)

    def report_all() -> None:
        for number in range(10):
            reporter.report(make_frame(number), inference_of(), dropped=0)

    thread = threading.Thread(target=report_all)
    thread.start()
    thread.join(0.1)
    assert thread.is_alive()
    gate.set()
    thread.join(60)
    assert reporter.close(60)
    assert len(recorder.results) == 10


def test_no_frame_lives_on_while_it_waits() -> None:
    reporter = reporter_to()
    frame = make_frame()
    picture = weakref.ref(frame.data)
    reporter.report(frame, inference_of(), dropped=0)
    del frame

    def is_gone() -> bool:
        gc.collect()
        return picture() is None

    assert wait_until(is_gone, 60)
    assert reporter.close(60)


def test_failure_is_kept_and_holds_nobody_up() -> None:
    def fail(_frame: Frame) -> None:
        raise KeyError("label")

    reporter = reporter_to(Recorder(see=fail))
    for _ in range(10):
        reporter.report(make_frame(), inference_of(), dropped=0)
    assert reporter.close(60)
    with pytest.raises(Exception, match="KeyError"):
        raise reporter.error or AssertionError
