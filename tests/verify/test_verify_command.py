import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from edgevision.cli import run as run_edgevision
from edgevision.report.layers import read_layers
from tests.verify.planted import classifier, files, pictures, regressor

PREPROCESS = ["--mean", "127.5", "--std", "127.5"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """float.tflite, int8.tflite with a planted outlier channel, photos.npz."""
    here = tmp_path_factory.mktemp("verify")
    original, quantized = files(classifier(outlier=60))
    (here / "float.tflite").write_bytes(original.content)
    (here / "int8.tflite").write_bytes(quantized.content)
    np.savez(here / "photos.npz", x=np.stack(pictures(12)))
    return here


@dataclass(frozen=True, kw_only=True)
class Result:
    exit_code: int
    stdout: str
    stderr: str


Run = Callable[..., Result]


@pytest.fixture
def run(folder: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """`edgevision verify` on the folder's two files with further words."""

    def verify(
        *words: str, photos: str = "photos.npz", declared: Sequence[str] = PREPROCESS
    ) -> Result:
        named = [str(folder / "float.tflite"), str(folder / "int8.tflite")]
        code = run_edgevision(["verify", *named, "--data", str(folder / photos), *declared, *words])
        printed = capsys.readouterr()
        return Result(exit_code=code, stdout=printed.out, stderr=printed.err)

    return verify


def test_table_fits_80_columns_and_names_the_planted_layer(run: Run) -> None:
    result = run()
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    # Beside the layer that undoes what was planted, which is as bad.
    worst = [line for line in lines if line.startswith((" 1 ", " 2 "))]
    planted = next(line for line in worst if "conv_2d_0" in line)
    assert planted.split()[2] == "CONV"
    assert planted.rstrip().endswith("outlier channel")
    assert "remedy: equalize channels before convolutions" in result.stdout
    assert "remedies, measured on 6 images" in result.stdout
    assert "agreement" in result.stdout


def test_json_is_one_document_that_the_report_reads(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "layers.json"
    result = run("--json", "-o", str(path), "--top", "2")
    document = json.loads(result.stdout)
    assert document == json.loads(path.read_text())
    assert document["schema_version"] == 2
    assert document["task"] == "classification"
    assert document["images"] == 12
    layers = {one["name"]: one for one in map(document["layers"].__getitem__, document["worst"])}
    assert set(layers) == {"conv_2d_0", "conv_2d_1"}
    worst = layers["conv_2d_0"]
    assert worst["cause"]["label"] == "outlier channel"
    assert worst["answer_db"] == pytest.approx(-10 * np.log10(worst["answer_loss"]))
    tried = next(one for one in document["remedies"]["tried"] if one["equalization"])
    unchanged = document["remedies"]["unchanged"]
    divergences = [one["effect"]["metrics"]["mean_kl"]["value"] for one in (tried, unchanged)]
    assert divergences[0] < divergences[1]
    assert {"name", "sqnr_db"} <= set(read_layers(path)[0])
    agreement = document["answers"]["agreement"]
    assert len(agreement["flips"]) == agreement["flip_count"]
    for flip in agreement["flips"]:
        assert {"id", "reference", "ours"} <= set(flip)


def test_without_remedies_nothing_is_quantized_again(run: Run) -> None:
    document = json.loads(run("--json", "--no-remedies", "--limit", "5").stdout)
    assert document["remedies"] is None
    assert document["images"] == 5


@pytest.mark.parametrize(("ending", "begin"), [(".png", b"\x89PNG"), (".svg", b"<?xml")])
def test_plot_is_written(run: Run, tmp_path: Path, ending: str, begin: bytes) -> None:
    path = tmp_path / f"layers{ending}"
    result = run("--no-remedies", "--plot", str(path))
    assert result.exit_code == 0, result.stderr
    assert path.read_bytes().startswith(begin)


def test_plot_of_another_kind_is_refused_before_the_work(run: Run, tmp_path: Path) -> None:
    result = run("--plot", str(tmp_path / "layers.pdf"))
    assert result.exit_code == 2
    assert "layers.pdf is neither .png nor .svg" in result.stderr


def test_missing_matplotlib_says_how_to_get_it(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    result = run("--plot", str(tmp_path / "layers.png"))
    assert result.exit_code == 3
    assert "pip install 'edgevision[report]'" in result.stderr


def test_existing_output_is_kept(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "layers.json"
    path.write_text("mine")
    assert run("-o", str(path)).exit_code == 2
    assert path.read_text() == "mine"
    assert run("-o", str(path), "--no-remedies", "--overwrite").exit_code == 0
    assert json.loads(path.read_text())["schema_version"] == 2


def test_remedies_are_calibrated_on_the_set_that_is_named(run: Run, folder: Path) -> None:
    named = ["--calibration", str(folder / "photos.npz")]
    document = json.loads(run("--json", "--top", "1", *named).stdout)
    assert document["remedies"]["images"] == 12


def test_one_image_needs_another_to_calibrate_on(run: Run, folder: Path) -> None:
    np.savez(folder / "one.npz", x=np.stack(pictures(1)))
    result = run(photos="one.npz")
    assert result.exit_code == 4
    assert "one image cannot both calibrate and measure" in result.stderr


def test_unknown_preprocessing_is_asked_for(run: Run) -> None:
    assert run(declared=()).exit_code == 2


def test_a_model_of_two_outputs_is_explained_in_decibels(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    original, quantized = files(regressor(outputs=2))
    (tmp_path / "float.tflite").write_bytes(original.content)
    (tmp_path / "int8.tflite").write_bytes(quantized.content)
    np.savez(tmp_path / "photos.npz", x=np.stack(pictures(8)))
    named = [str(tmp_path / name) for name in ("float.tflite", "int8.tflite")]
    words = ["verify", *named, "--data", str(tmp_path / "photos.npz"), *PREPROCESS, "--top", "2"]
    assert run_edgevision(words) == 0
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 80
    assert "remedies, measured on 4 images" in out
    assert "worst SQNR" in out
    assert "agreement" not in out
    assert run_edgevision([*words, "--task", "classification"]) == 5
    assert "a classifier has one output" in capsys.readouterr().err
