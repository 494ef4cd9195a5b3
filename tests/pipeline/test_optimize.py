import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgevision.card.read import read_card
from edgevision.cli import run
from edgevision.dataset.decode import decode_image
from edgevision.preprocess.pixels import to_pixels
from edgevision.runtime.loader import load_runtime
from edgevision.runtime.session import Session

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory, models: Path, photos: Path) -> Path:
    """A folder with a calibration set in which `optimize colours.keras --int8` has been typed."""
    folder = tmp_path_factory.mktemp("work")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        build = ["calibration", "build", str(photos / "train"), "--preprocess", "unit"]
        assert run([*build, "--count", "30", "--eval", str(photos / "held-out")]) == 0
        (folder / "colours.keras").symlink_to(models / "colours.keras")
        assert run(["optimize", "colours.keras", "--int8"]) == 0
    return folder


def report(workplace: Path) -> dict[str, dict[str, Any]]:
    document = json.loads((workplace / "colours-edge" / "report.json").read_text())
    return {entry["file"]: entry for entry in document["files"]}


def test_exactly_as_typed_it_fills_a_folder(workplace: Path) -> None:
    names = {path.name for path in (workplace / "colours-edge").iterdir()}
    assert names == {
        *("float32.tflite", "int8.tflite", "report.json", "convert.log"),
        *("float32.card.json", "int8.card.json"),
    }
    for name in ("float32", "int8"):
        beside = json.loads((workplace / "colours-edge" / f"{name}.card.json").read_text())
        assert (beside["file"]["name"], beside["precision"]) == (f"{name}.tflite", name)
    assert [path.name for path in workplace.glob(".*")] == []


def test_the_evaluation_set_is_the_one_the_calibration_set_was_kept_apart_from(
    workplace: Path,
) -> None:
    document = json.loads((workplace / "colours-edge" / "report.json").read_text())
    assert document["proof"] == {"set": "held-out", "role": "evaluation", "images": 24}
    # How fast int8 is on the machine of this test is not in question.
    assert [one for one in document["warnings"] if "as long as float" not in one] == []
    assert document["auto_preprocessing"] is None


def test_both_files_are_right_and_agree(workplace: Path) -> None:
    files = report(workplace)
    for entry in files.values():
        assert entry["top1"]["value"] == 1.0
    against = files["int8.tflite"]["against_float"]
    assert against["agreement"] == {
        "value": 1.0,
        "hits": 24,
        "images": 24,
        "low": pytest.approx(0.862, abs=1e-3),
        "high": 1.0,
    }


def test_the_int8_file_takes_raw_pixels_and_computes_in_integers(workplace: Path) -> None:
    entry = report(workplace)["int8.tflite"]
    assert entry["precision"] == "int8"
    # All but the softmax: float32 scores are not cut into 256 steps.
    assert entry["integer_operations"] == entry["computing_operations"] - 1
    assert [one["operator"] for one in entry["left_in_float"]] == ["SOFTMAX"]
    (given,) = entry["inputs"]
    assert (given["dtype"], given["zero_point"]) == ("uint8", 0)
    assert given["scale"] == pytest.approx(1 / 255)
    assert entry["outputs"][0]["dtype"] == "float32"
    card = read_card(workplace / "colours-edge" / "int8.tflite")
    assert card is not None
    made_by = {"edgevision", "keras", "numpy", "tensorflow", load_runtime().package}
    assert dict(card.provenance.tools).keys() == made_by


def test_the_card_in_the_file_is_enough_to_run_a_photo(workplace: Path, photos: Path) -> None:
    path = workplace / "colours-edge" / "int8.tflite"
    card = read_card(path)
    assert card is not None
    assert card.labels == ("a-red", "b-green", "c-blue")
    photo = decode_image(photos / "held-out" / "b-green" / "3.png")
    with Session(path) as session:
        (scores,) = session.run(to_pixels(photo, card.preprocessing)[None])
    assert card.labels[int(np.argmax(scores))] == "b-green"


def test_classes_in_another_order_than_the_models_are_doubted(
    tmp_path: Path, models: Path, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, other in (("a-red", "z-red"), ("b-green", "g"), ("c-blue", "a-blue")):
        (tmp_path / "set").mkdir(exist_ok=True)
        (tmp_path / "set" / other).symlink_to(photos / "held-out" / name)
    words = ["optimize", str(models / "colours.keras"), "--fp16", "-o", str(tmp_path / "out")]
    assert run([*words, "--eval", str(tmp_path / "set"), "--preprocess", "unit"]) == 0
    err = capsys.readouterr().err
    assert "33.3 % with the preprocessing chosen (unit), and 100.0 % with" in err


def test_an_earlier_result_is_kept_and_overwriting_keeps_what_is_not_ours(
    workplace: Path, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(workplace)
    folder = workplace / "colours-edge"
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert run(["optimize", "colours.keras", "--int8"]) == 2
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before
    (folder / "notes.txt").write_text("mine")
    # Of a version that wrote one card for the folder.
    (folder / "model.json").write_text("{}")
    assert run(["optimize", "colours.keras", "--fp16", "--overwrite"]) == 0
    assert {path.name for path in folder.iterdir()} == {
        *("float32.tflite", "fp16.tflite"),
        *("float32.card.json", "fp16.card.json"),
        *("report.json", "convert.log", "notes.txt"),
    }
    assert run(["optimize", "colours.keras", "--int8", "--overwrite", "--json"]) == 0


def test_auto_refuses_when_candidates_cannot_be_told_apart(
    tmp_path: Path, models: Path, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # The model has no bias: 0..1 and 0..255 give the same answers.
    words = ["optimize", str(models / "colours.keras"), "--fp16", "-o", str(tmp_path / "out")]
    code = run([*words, "--eval", str(photos / "held-out"), "--preprocess", "auto"])
    err = capsys.readouterr().err
    assert code == 2
    assert "cannot be told apart" in err
    assert "raw 100.0 %" in err
    assert not (tmp_path / "out").exists()


def test_auto_says_what_it_chose_and_from_what(
    tmp_path: Path, models: Path, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "out"
    words = ["optimize", str(models / "ranged.keras"), "--fp16", "-o", str(folder)]
    assert run([*words, "--eval", str(photos / "held-out"), "--preprocess", "auto"]) == 0
    assert "preprocess: auto chose unit (100.0 % top-1; next " in capsys.readouterr().out
    found = json.loads((folder / "report.json").read_text())["auto_preprocessing"]
    assert (found["chosen"], found["images"]) == ("unit", 24)
    assert found["scores"][0] == {"preprocessing": "unit", "top1": 1.0}
    assert len(found["scores"]) == 12


def test_weights_too_few_for_dynamic_are_said_and_not_passed_off(
    tmp_path: Path, models: Path, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["optimize", str(models / "colours.keras"), "--dynamic", "-o", str(tmp_path / "out")]
    assert run([*words, "--eval", str(photos / "held-out"), "--preprocess", "unit"]) == 8
    assert "its precision is float32, not dynamic" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_several_precisions_come_out_of_one_run(
    tmp_path: Path, models: Path, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["optimize", str(models / "colours.keras"), "-o", str(tmp_path / "out"), "--json"]
    sets = ["--calibration", str(photos / "train"), "--eval", str(photos / "held-out")]
    asked = ["--int8", "--int16x8", "--recipe", "full-integer"]
    assert run([*words, *sets, "--preprocess", "unit", *asked]) == 0
    files = {entry["file"]: entry for entry in json.loads(capsys.readouterr().out)["files"]}
    assert {name: entry["precision"] for name, entry in files.items()} == {
        "float32.tflite": "float32",
        "int8.tflite": "int8",
        "int16x8.tflite": "int16x8",
        "full-integer.tflite": "int8",
    }
    assert files["full-integer.tflite"]["inputs"][0]["dtype"] == "int8"


def test_one_precision_asked_for_twice_is_refused(
    tmp_path: Path, models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["optimize", str(models / "colours.keras"), "-o", str(tmp_path / "out")]
    assert run([*words, "--int16x8", "--recipe", "int16x8"]) == 2
    assert "int16x8 was asked for twice" in capsys.readouterr().err
