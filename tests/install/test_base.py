"""`pip install .` in an empty environment: the small base, and the right hint for the rest."""

import json
import os
import subprocess
import venv
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgevision.card.card import Card
from edgevision.card.write import write_card
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.runtime.loader import PROBE
from edgevision.tasks.spec import TaskSpec
from edgevision.tflite.facts import facts_of
from edgevision.tflite.read import read_model

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `edgevision` command of an environment that holds the base alone."""
    folder = tmp_path_factory.mktemp("base")
    venv.create(folder, with_pip=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", str(ROOT)]
    subprocess.run(pip, check=True, cwd=folder)
    return folder / "bin" / "edgevision"


def call(base: Path, *words: str, cwd: Path | None = None) -> "subprocess.CompletedProcess[str]":
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [str(base), *words], capture_output=True, text=True, check=False, cwd=cwd, env=environment
    )


def test_the_base_holds_no_tensorflow_and_doctor_says_how_to_get_it(base: Path) -> None:
    done = call(base, "doctor", "--json")
    assert done.returncode == 0
    document = json.loads(done.stdout)
    assert document["packages"]["tensorflow"] is None
    assert document["runtimes"][0]["works"]
    assert any("pip install 'edgevision[optimize]'" in line for line in document["advice"])


def test_inspect_works_on_the_base(base: Path) -> None:
    done = call(base, "inspect", str(PROBE), "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["precision"] == "float32"


def test_evaluate_works_on_the_base(base: Path, tmp_path: Path) -> None:
    model, photos = write_model(tmp_path), write_photos(tmp_path)
    done = call(base, "evaluate", str(model), "--data", str(photos), "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["metrics"]["top1"]["value"] == 1.0


def test_a_new_android_app_comes_out_of_the_wheel(base: Path, tmp_path: Path) -> None:
    model = write_model(tmp_path)
    target = ["--new-app", "birds", "--package", "com.example.birds"]
    done = call(base, "android", "export", str(model), *target, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    checked = call(base, "android", "check", "birds", cwd=tmp_path)
    assert checked.returncode == 0, checked.stdout
    made = {path.relative_to(tmp_path / "birds") for path in (tmp_path / "birds").rglob("*")}
    demo = ROOT / "android_demo"
    listed = subprocess.run(
        ["git", "ls-files"], cwd=demo, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    # Everything but what our own CI needs, with the package's folders renamed.
    expected = {
        Path(name.replace("com/edgevision/demo", "com/example/birds"))
        for name in listed
        if not name.startswith("ci/")
    }
    assert expected <= made


@pytest.mark.parametrize("command", ["optimize", "convert"])
def test_what_needs_tensorflow_says_so_before_any_work(
    base: Path, tmp_path: Path, command: str
) -> None:
    (tmp_path / "model.keras").write_bytes(b"never read")
    words = [command, "model.keras", "-o", "out"]
    done = call(base, *words, cwd=tmp_path)
    assert done.returncode == 3
    assert "pip install 'edgevision[optimize]'" in done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"model.keras"}


def test_help_needs_nothing_but_the_base(base: Path) -> None:
    done = call(base, "--help")
    assert done.returncode == 0
    assert "optimize" in done.stdout


def write_model(folder: Path) -> Path:
    """relu(x + 1) of the one pixel, as a classifier: is it red, green or blue?"""
    content = image_probe()
    facts = facts_of(read_model(content))
    card = Card(
        name="probe",
        preprocessing=ImagePreprocessing(width=1, height=1),
        task=TaskSpec(kind="classification", labels=("red", "green", "blue")),
        precision=facts.precision,
        inputs=facts.inputs,
        outputs=facts.outputs,
    )
    path = folder / "probe.tflite"
    path.write_bytes(write_card(content, card))
    return path


def image_probe() -> bytes:
    """The probe model with tensors of shape (1, 1, 1, 3): a pixel in, three classes out."""
    from ai_edge_litert import schema_py_generated as schema
    from flatbuffers import Builder

    model = schema.ModelT.InitFromPackedBuf(PROBE.read_bytes(), 0)
    graph = model.subgraphs[0]
    for index in (*graph.inputs, *graph.outputs):
        graph.tensors[index].shape = [1, 1, 1, 3]
        graph.tensors[index].shapeSignature = None
    builder = Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def write_photos(folder: Path) -> Path:
    """Two photos of one pixel, whose brightest channel is the label."""
    photos = folder / "photos"
    photos.mkdir()
    rows = ["file,label"]
    for label in (0, 2):
        values = np.full(3, 10, np.uint8)
        values[label] = 200
        rgb = values.reshape(1, 1, 3)
        cv2.imwrite(str(photos / f"{label}.png"), rgb[..., ::-1])
        rows.append(f"{label}.png,{label}")
    (photos / "labels.csv").write_text("\n".join(rows) + "\n")
    return photos
