import io
import json
import sys
import threading
import time
from pathlib import Path

import pytest

from edgevision.camera.loop.result import FrameResult, result_to_dict
from edgevision.camera.outputs.jsonl import jsonl_sink
from edgevision.camera.outputs.recorder import SaveRule, parse_save_rule, recorder_sink
from edgevision.camera.outputs.sink import NewestSink, QueuedSink, result_only
from edgevision.camera.sources.frame import Frame
from edgevision.dataset.decode import decode_image
from edgevision.errors import EdgeVisionError, UsageError
from edgevision.tasks.answer import LabelledItem
from tests.camera.conftest import make_frame, make_result, wait_until, waiting_for


def test_stuck_writer_costs_the_caller_nothing_and_is_counted() -> None:
    gate = threading.Event()
    sink: QueuedSink[FrameResult] = QueuedSink(
        "stuck", waiting_for(gate), choose=result_only, capacity=10
    )
    for number in range(1000):
        sink.offer(make_result(number), make_frame())
    assert 989 <= sink.dropped <= 990
    sink.close(0.1)
    assert sink.dropped >= 999
    gate.set()


def test_everything_waiting_is_written_at_the_end() -> None:
    got: list[int] = []

    def write(result: FrameResult) -> None:
        time.sleep(0.01)
        got.append(result.sequence)

    sink: QueuedSink[FrameResult] = QueuedSink("slow", write, choose=result_only, capacity=100)
    for number in range(20):
        sink.offer(make_result(number), make_frame())
    sink.close(60)
    assert got == list(range(20))
    assert sink.dropped == 0


def test_writer_that_fails_is_counted_and_goes_on() -> None:
    got: list[int] = []

    def write(result: FrameResult) -> None:
        if result.sequence % 2:
            raise OSError(28, "No space left on device")
        got.append(result.sequence)

    sink: QueuedSink[FrameResult] = QueuedSink("disk", write, choose=result_only, capacity=100)
    for number in range(6):
        sink.offer(make_result(number), make_frame())
    sink.close(60)
    assert got == [0, 2, 4]
    assert sink.failed == 3


def test_log_lines_hold_no_frames_while_they_wait() -> None:
    gate = threading.Event()
    sink: QueuedSink[FrameResult] = QueuedSink(
        "stuck", waiting_for(gate), choose=result_only, capacity=10
    )
    sink.offer(make_result(), make_frame())
    assert all(isinstance(item, FrameResult) for item in sink._waiting)
    gate.set()
    sink.close(60)


def test_screen_shows_the_newest_and_skips_the_rest() -> None:
    shown: list[int] = []
    gate = threading.Event()

    def show(result: FrameResult, _frame: Frame) -> None:
        shown.append(result.sequence)
        gate.wait(120)

    sink = NewestSink("screen", show, period_s=0.01)
    sink.offer(make_result(0), make_frame())
    assert wait_until(lambda: shown == [0])
    for number in range(1, 300):
        sink.offer(make_result(number), make_frame())
    gate.set()
    assert wait_until(lambda: shown[-1:] == [299])
    sink.close(60)
    assert shown == [0, 299]


def test_result_says_when_the_frame_was_taken_by_the_wall_clock() -> None:
    values = result_to_dict(
        make_result(captured_ns=5_000_000_000),
        now_ns=lambda: 1_700_000_010_000_000_000,
        monotonic_ns=lambda: 15_000_000_000,
    )
    assert values["time"] == "2023-11-14T22:13:20.000Z"
    assert values["age_ms"] == -3980.0
    assert values["answers"] == [{"index": 7, "label": "cat", "score": 0.875}]


def test_jsonl_file_has_one_line_a_result(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "results.jsonl"
    sink = jsonl_sink(path)
    for number in range(3):
        sink.offer(make_result(number), make_frame())
    sink.close(60)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["frame"] for line in lines] == [0, 1, 2]
    assert {"age_ms", "wait_ms", "pre_ms", "infer_ms", "post_ms", "dropped"} <= lines[0].keys()


def test_jsonl_files_rotate_and_the_disk_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    sink = jsonl_sink(path, max_bytes=2000, keep_files=2)
    for number in range(100):
        sink.offer(make_result(number), make_frame())
    sink.close(60)
    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == ["r.jsonl", "r.jsonl.1", "r.jsonl.2"]
    assert all(file.stat().st_size <= 2000 for file in files)
    kept = [json.loads(x)["frame"] for f in reversed(files) for x in f.read_text().splitlines()]
    assert kept == list(range(kept[0], 100))


def test_next_run_appends(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    for number in range(2):
        sink = jsonl_sink(path)
        sink.offer(make_result(number), make_frame())
        sink.close(60)
    assert len(path.read_text().splitlines()) == 2


def test_jsonl_to_stdout_notices_that_nobody_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    class Closed(io.StringIO):
        def flush(self) -> None:
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stdout", Closed())
    sink = jsonl_sink(None)
    sink.offer(make_result(), make_frame())
    assert wait_until(lambda: sink.broken is not None)
    monkeypatch.undo()
    sink.close(60)


def test_folder_that_cannot_be_written_is_told_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EdgeVisionError, match="cannot write"):
        jsonl_sink(tmp_path / "file" / "r.jsonl")
    with pytest.raises(EdgeVisionError, match="cannot make"):
        recorder_sink(tmp_path / "file" / "captures", [SaveRule()])


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("person", SaveRule(label="person")),
        ("traffic light>=0.6", SaveRule(label="traffic light", at_least=0.6)),
        ("any>=0.9", SaveRule(at_least=0.9)),
        ("unsure<0.4", SaveRule(best_below=0.4)),
        ("every:60", SaveRule(every_s=60)),
        ("every:0.5s", SaveRule(every_s=0.5)),
    ],
)
def test_rules_are_read(text: str, rule: SaveRule) -> None:
    assert parse_save_rule(text) == rule


@pytest.mark.parametrize("text", ["", "every:0", "person>0.5", "unsure<2", "person>=x", ">=0.5"])
def test_unknown_rules_are_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_save_rule(text)


def items(score: float) -> tuple[LabelledItem, ...]:
    return (LabelledItem(index=1, label="person", score=score),)


def kept_frames(folder: Path, rules: list[str], scores: list[float], **options: float) -> list[int]:
    sink = recorder_sink(
        folder,
        [parse_save_rule(rule) for rule in rules],
        min_gap_s=options.get("min_gap_s", 0),
        limit=int(options.get("limit", 1000)),
    )
    for number, score in enumerate(scores):
        sink.offer(make_result(number, items=items(score)), make_frame(number))
        assert wait_until(lambda: not sink._waiting)
    sink.close(60)
    return sorted(json.loads(path.read_text())["frame"] for path in folder.glob("*.json"))


def test_frames_are_kept_by_label_and_score(tmp_path: Path) -> None:
    assert kept_frames(tmp_path, ["person>=0.6"], [0.5, 0.6, 0.1, 0.9]) == [1, 3]


def test_frames_are_kept_when_the_model_is_unsure(tmp_path: Path) -> None:
    assert kept_frames(tmp_path, ["unsure<0.4"], [0.5, 0.3, 0.1, 0.9]) == [1, 2]


def test_kept_picture_is_the_frame(tmp_path: Path) -> None:
    kept_frames(tmp_path, ["any"], [0.9] * 5)
    pictures = sorted(tmp_path.glob("*.jpg"))
    assert [round(decode_image(path).mean()) for path in pictures] == [0, 1, 2, 3, 4]


def test_oldest_kept_frames_go_and_other_files_stay(tmp_path: Path) -> None:
    (tmp_path / "mine.jpg").write_text("not yours")
    assert kept_frames(tmp_path, ["any"], [0.9] * 6, limit=2) == [4, 5]
    assert (tmp_path / "mine.jpg").exists()


def test_frames_are_kept_no_faster_than_the_gap(tmp_path: Path) -> None:
    assert kept_frames(tmp_path, ["any"], [0.9] * 5, min_gap_s=60) == [0]


def test_slow_disk_drops_frames_instead_of_keeping_them_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()

    def stuck(_self: Path, _data: bytes) -> int:
        gate.wait(120)
        return 0

    monkeypatch.setattr(Path, "write_bytes", stuck)
    sink = recorder_sink(tmp_path, [SaveRule()], min_gap_s=0)
    for number in range(50):
        sink.offer(make_result(number), make_frame())
    assert sink.dropped >= 40
    gate.set()
    monkeypatch.undo()
    sink.close(60)


def test_rule_looks_at_results_only_not_at_undecoded_frames(tmp_path: Path) -> None:
    sink = recorder_sink(tmp_path, [parse_save_rule("cat>=0.99")])
    sink.offer(make_result(), Frame(sequence=0, captured_ns=0, data=None, layout="jpeg"))  # type: ignore[arg-type]
    sink.close(60)
    assert not list(tmp_path.iterdir())
