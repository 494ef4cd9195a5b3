from pathlib import Path

import cv2
import numpy as np
import pytest

from edgevision.cli import run
from edgevision.cli.options.integer import IntegerOptions
from edgevision.cli.options.photos import calibration_photos, over_set
from edgevision.errors import UsageError
from edgevision.preprocess.declared import Preprocessing

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


def test_full_integer_contradicts_another_type() -> None:
    with pytest.raises(UsageError, match="not --output-type float32"):
        IntegerOptions(full_integer=True, output_type="float32").changes()


def test_full_integer_is_int8_in_and_out() -> None:
    changes = IntegerOptions(full_integer=True, input_type="int8", quality="fast").changes()
    assert changes == {"input_type": "int8", "output_type": "int8", "quality": "fast"}


def test_a_set_may_be_named_by_its_file(tmp_path: Path, holiday: Path) -> None:
    assert run(["calibration", "build", str(holiday), "-o", str(tmp_path / "set")]) == 0
    photos, kept = calibration_photos(tmp_path / "set" / "set.toml", needed=True)
    assert photos is not None
    assert kept is not None
    assert len(photos.images) == 1


def test_another_preset_replaces_the_sets_normalization_and_keeps_its_fit(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((8, 8, 3), np.uint8))
    words = ["calibration", "build", str(tmp_path), "-o", str(tmp_path / "set")]
    assert run([*words, "--preprocess", "imagenet-caffe", "--fit", "letterbox"]) == 0
    _, kept = calibration_photos(tmp_path / "set", needed=True)
    declared = over_set(Preprocessing(preset="unit"), kept)
    assert (declared.preset, declared.fit, declared.color) == ("unit", "letterbox", None)
