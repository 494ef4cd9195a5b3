"""The installed command on a Raspberry Pi's processor, emulated: the same file, the same answers.

Says nothing about a Pi's speed.
"""

import json
from pathlib import Path

import pytest

from edgevision.cli import run
from tests.emulation.conftest import Emulated

pytestmark = pytest.mark.slow


def test_doctor_finds_litert_with_xnnpack_and_the_pis_features(emulated: Emulated) -> None:
    done = emulated("doctor", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["machine"]["architecture"] == "aarch64"
    assert "asimddp" in document["machine"]["features"]
    assert document["runtimes"][0]["xnnpack"]


def test_the_same_file_gives_the_same_answers_as_here(
    emulated: Emulated,
    optimized: Path,
    photos: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ["evaluate", str(optimized / "int8.tflite"), "--data", str(photos / "held-out")]
    there = emulated(*words, "--json")
    assert there.returncode == 0, there.stderr
    capsys.readouterr()
    assert run([*words, "--json"]) == 0
    here = json.loads(capsys.readouterr().out)
    assert json.loads(there.stdout)["confusion"] == here["confusion"]


def test_real_photos_are_classified_alike_on_both_processors(
    emulated: Emulated, shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    chosen = sorted((shared / "photos" / "evaluation").glob("*.jpg"))[:12]
    for path in chosen:
        (photos / path.name).symlink_to(path)
    rows = (shared / "photos" / "evaluation" / "labels.csv").read_text().splitlines()
    names = {path.name for path in chosen}
    kept = [rows[0], *(row for row in rows[1:] if row.split(",")[0] in names)]
    (photos / "labels.csv").write_text("\n".join(kept) + "\n")
    model = shared / "models" / "mobilenet_v1_0.25_224_imagenet.h5"
    calibration = str(shared / "photos" / "calibration")
    folder = tmp_path / "edge"
    command = ["optimize", str(model), "--int8", "--calibration", calibration, "-o", str(folder)]
    assert run([*command, "--preprocess", "imagenet-tf"]) == 0
    words = ["evaluate", str(folder / "int8.tflite"), "--data", str(photos), "--json"]
    there = emulated(*words)
    assert there.returncode == 0, there.stderr
    capsys.readouterr()
    assert run(words) == 0
    here = json.loads(capsys.readouterr().out)
    assert json.loads(there.stdout)["metrics"] == here["metrics"]


def test_a_missing_package_is_named_there_too(emulated: Emulated) -> None:
    done = emulated("optimize", "model.keras", "--int8")
    assert done.returncode == 3
    assert "pip install 'edgevision[optimize]'" in done.stderr


def test_the_pixels_are_the_same_to_the_bit(emulated: Emulated) -> None:
    done = emulated(module="tests.preprocess.pixel_digests")
    assert done.returncode == 0, done.stdout + done.stderr
