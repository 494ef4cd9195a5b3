"""What people look at: the terminal's line, the picture with boxes, the window."""

import io

import cv2
import numpy as np
import pytest

from edgevision.camera.outputs.overlay import draw, encode
from edgevision.camera.outputs.terminal import status_line, terminal_sink
from edgevision.camera.outputs.window import check_window
from edgevision.camera.sources.frame import Frame
from edgevision.errors import MissingDependencyError
from edgevision.tasks.answer import LabelledItem
from edgevision.tasks.interface import FrameSize
from edgevision.tasks.tensors import TensorValues
from tests.camera.conftest import make_frame, make_result, wait_until
from tests.camera.status_example import make_status

AGE = TensorValues(
    frame=FrameSize(width=320, height=240),
    names=("age",),
    values=(np.array([37.25], np.float32),),
)


def test_line_says_what_is_seen_how_old_and_how_fast() -> None:
    line = status_line(make_result(), make_status(dropped=7, reconnects=2))
    for words in ("cat 0.88", "age ", "7 dropped", "2 reconnects", "52 C", "under-voltage"):
        assert words in line


def test_line_of_a_model_of_numbers_has_its_numbers() -> None:
    line = status_line(make_result(answer=AGE), make_status())
    assert line.startswith("age 37.25 | ")


def test_numbers_are_written_on_the_picture() -> None:
    frame = Frame(sequence=0, captured_ns=0, data=np.zeros((240, 320, 3), np.uint8), layout="bgr")
    assert draw(make_result(answer=AGE), frame)[8:20, 8:100].max() == 255


def test_label_cannot_move_the_cursor() -> None:
    wicked = (LabelledItem(index=0, label="cat\x1b[2J\r\n", score=0.5),)
    line = status_line(make_result(items=wicked), make_status())
    assert line.isprintable()


def test_terminal_shows_the_newest_result_on_one_line() -> None:
    screen = io.StringIO()
    sink = terminal_sink(screen, make_status)
    for number in range(5):
        sink.offer(make_result(number), make_frame())
    assert wait_until(lambda: "cat" in screen.getvalue())
    sink.close(60)
    assert screen.getvalue().startswith("\r")
    assert screen.getvalue().count("\n") == 1


def test_boxes_are_drawn_where_they_are() -> None:
    box = (LabelledItem(index=0, label="x", score=0.5, xyxy=(100.0, 80.0, 300.0, 200.0)),)
    frame = Frame(sequence=0, captured_ns=0, data=np.zeros((240, 320, 3), np.uint8), layout="bgr")
    picture = draw(make_result(items=box, size=(320, 240)), frame)
    assert tuple(picture[200, 200]) == (80, 220, 80)
    assert tuple(picture[140, 200]) == (0, 0, 0)
    assert frame.unpack().max() == 0


def test_wide_pictures_are_made_smaller_and_boxes_with_them() -> None:
    box = (LabelledItem(index=0, label="x", score=0.5, xyxy=(0.0, 400.0, 1900.0, 800.0)),)
    frame = Frame(sequence=0, captured_ns=0, data=np.zeros((1080, 1920, 3), np.uint8), layout="rgb")
    picture = draw(make_result(items=box, size=(1920, 1080)), frame)
    assert picture.shape == (540, 960, 3)
    assert picture[400, 700].any()


def test_colours_are_right_whatever_the_frame_s_order() -> None:
    red = np.zeros((100, 100, 3), np.uint8)
    red[..., 0] = 255
    frame = Frame(sequence=0, captured_ns=0, data=red, layout="rgb")
    picture = draw(make_result(items=(), size=(100, 100)), frame)
    assert tuple(picture[90, 90]) == (0, 0, 255)
    decoded = cv2.imdecode(np.frombuffer(encode(picture), np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    assert decoded[90, 90, 2] > 200


def test_odd_frames_are_drawn() -> None:
    assert draw(make_result(), make_frame(0, width=1, height=3)).shape == (3, 1, 3)


def test_opencv_without_windows_says_what_to_install() -> None:
    with pytest.raises(MissingDependencyError) as caught:
        check_window("  GUI:                           NONE\n")
    assert "opencv-python" in caught.value.hint


def test_machine_without_a_screen_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    with pytest.raises(MissingDependencyError, match="no screen"):
        check_window("  GUI:                           QT5\n")
    monkeypatch.setenv("DISPLAY", ":0")
    check_window("  GUI:                           QT5\n")
