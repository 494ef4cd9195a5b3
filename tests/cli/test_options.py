from pathlib import Path

import cv2
import numpy as np
import pytest

from edgevision.cli import run

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def holiday(tmp_path: Path) -> Path:
    """A folder with one photo we can read and four pictures we cannot."""
    folder = tmp_path / "holiday"
    folder.mkdir()
    cv2.imwrite(str(folder / "beach.png"), np.full((8, 8, 3), 99, np.uint8))
    for name in ("a.heic", "b.heic", "c.gif", "d.gif"):
        (folder / name).write_bytes(b"another format")
    return folder


def test_pictures_left_out_of_a_calibration_set_are_named(
    tmp_path: Path, holiday: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["calibration", "build", str(holiday), "-o", str(tmp_path / "set")]) == 0
    err = capsys.readouterr().err
    assert f"warning: left out of {holiday}: a.heic, b.heic, c.gif and 1 more" in err


def test_a_set_without_such_pictures_is_not_warned_of(
    tmp_path: Path, holiday: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in (*holiday.glob("*.heic"), *holiday.glob("*.gif")):
        path.unlink()
    assert run(["calibration", "build", str(holiday), "-o", str(tmp_path / "set")]) == 0
    assert "left out" not in capsys.readouterr().err


def test_optimize_asks_for_the_model_before_the_photos(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
    monkeypatch.chdir(tmp_path)
    assert run(["optimize", "modle.keras", "--int8"]) == 5
    assert "error: modle.keras does not exist" in capsys.readouterr().err


def test_a_target_without_an_integer_file_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
    monkeypatch.chdir(tmp_path)
    Path("model.keras").write_bytes(b"not looked at yet")
    assert run(["optimize", "model.keras", "--fp16", "--min-agreement", "99"]) == 2
    err = capsys.readouterr().err
    assert "--min-agreement does nothing without an integer precision" in err
