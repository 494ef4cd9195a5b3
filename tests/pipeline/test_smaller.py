"""`optimize` with an accuracy target, and with a pruned model beside the original one."""

import json
from pathlib import Path
from typing import Any

import pytest

from edgevision.cli import run


def files_of(folder: Path) -> dict[str, dict[str, Any]]:
    document = json.loads((folder / "report.json").read_text())
    return {entry["file"]: entry for entry in document["files"]}


def words(models: Path, photos: Path, folder: Path) -> list[str]:
    sets = ["--calibration", str(photos / "train"), "--eval", str(photos / "held-out")]
    model = str(models / "colours.keras")
    return ["optimize", model, "--int8", "--preprocess", "unit", *sets, "-o", str(folder)]


def test_a_target_that_int8_meets_is_met_by_int8_throughout(
    models: Path, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "edge"
    assert run([*words(models, photos, folder), "--max-drop", "1"]) == 0
    target = files_of(folder)["int8.tflite"]["target"]
    assert target["met"]
    assert [trial["float_operators"] for trial in target["trials"]] == [0]
    assert "int8 throughout" in capsys.readouterr().out


@pytest.mark.slow
def test_a_pruned_model_comes_beside_the_original_in_one_table(
    models: Path, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "edge"
    more = ["--prune-channels", "0.5", "--train", str(photos / "train"), "--epochs", "2"]
    assert run([*words(models, photos, folder), *more]) == 0
    files = files_of(folder)
    assert list(files) == [
        *("float32.tflite", "int8.tflite", "pruned-float32.tflite", "pruned-int8.tflite"),
    ]
    assert files["pruned-int8.tflite"]["precision"] == "int8"
    assert files["pruned-int8.tflite"]["multiply_adds"] <= files["int8.tflite"]["multiply_adds"]
    assert (folder / "pruned.keras").is_file()
    out = capsys.readouterr().out
    assert all(name[:10] in out for name in files)


@pytest.mark.parametrize("more", [["--train", "x"], ["--epochs", "3"]])
def test_options_of_pruning_do_nothing_without_it_and_are_refused(
    models: Path, photos: Path, tmp_path: Path, more: list[str]
) -> None:
    assert run([*words(models, photos, tmp_path / "edge"), *more]) == 2
    assert not (tmp_path / "edge").exists()
