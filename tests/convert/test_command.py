"""`edgevision convert` as typed."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from edgevision.card.read import read_card
from edgevision.cli import run
from edgevision.cli.options.conversion import parse_shape
from edgevision.errors import UsageError
from tests.convert.conftest import ROOT, Gallery, child_env
from tests.processes import children_of, wait_until_ended

CLI = (sys.executable, "-m", "edgevision", "convert")


def test_json_is_one_document_and_all_else_goes_to_stderr(
    gallery: Gallery, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "open.tflite"
    arguments = [str(gallery.model("open_size")), "-o", str(output), "--input-shape", "20x24"]
    assert run(["convert", *arguments, "--json"]) == 0
    document = json.loads(capfd.readouterr().out)
    assert document["path"] == str(output)
    assert document["size_bytes"] == output.stat().st_size
    assert document["input_shape"] == [1, 20, 24, 3]
    assert document["has_card"] is False
    assert read_card(output) is None


def test_every_input_and_output_is_listed_by_name(
    gallery: Gallery, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "two.tflite"
    assert run(["convert", str(gallery.model("two_in_two_out")), "-o", str(output)]) == 0
    first, *lines, last = capfd.readouterr().out.splitlines()
    assert first.startswith(f"{output}: ")
    assert lines == [
        "input left: 1x16x16x3 float32",
        "input right: 1x8 float32",
        "output age: 1x1 float32, linear",
        "output kind: 1x4 float32, softmax",
    ]
    assert last.startswith("differs from the Keras model by ")


def test_declared_preprocessing_and_names_become_a_card_that_android_takes(
    gallery: Gallery, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    output, names = tmp_path / "model.tflite", tmp_path / "names.txt"
    names.write_text("left\nmiddle\nright\n")
    arguments = [str(gallery.model("scaled_inside")), "-o", str(output), "--preprocess", "raw"]
    assert run(["convert", *arguments, "--labels", str(names)]) == 0
    assert "with a model card" in capfd.readouterr().out
    card = read_card(output)
    assert card is not None
    assert (card.kind, card.labels) == ("classification", ("left", "middle", "right"))
    export = ["android", "export", str(output)]
    assert run([*export, "--new-app", str(tmp_path / "app"), "--package", "com.example.x"]) == 0


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (["--task", "tensors"], "the task is for the card"),
        (["--task", "nonsense", "--preprocess", "raw"], "nonsense"),
    ],
)
def test_a_task_that_cannot_be_written_is_a_usage_error(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], given: list[str], error: str
) -> None:
    model = tmp_path / "model.keras"
    model.touch()
    assert run(["convert", str(model), "-o", str(tmp_path / "out.tflite"), *given]) == 2
    assert error in capfd.readouterr().err


def test_an_error_is_two_lines_and_an_exit_code(
    gallery: Gallery, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    arguments = [str(gallery.model("with_lambda")), "-o", str(tmp_path / "out.tflite")]
    assert run(["convert", *arguments]) == 5
    out, err = capfd.readouterr()
    assert out == ""
    error, hint = err.splitlines()
    assert error.startswith("error: layer 'double' is a Lambda")
    assert hint.startswith("hint: ")
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_in_the_middle_leaves_no_file_and_no_process(
    gallery: Gallery, tmp_path: Path
) -> None:
    output = tmp_path / "out.tflite"
    command = [*CLI, str(gallery.model("mobilenet_v3")), "-o", str(output)]
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env={**child_env(), "TMPDIR": str(scratch)},
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        children = wait_for_children(process.pid)
        os.kill(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=300)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert not any(Path(f"/proc/{child}").exists() for child in children)
    assert [path.name for path in tmp_path.iterdir()] == ["scratch"]
    assert list(scratch.iterdir()) == []


def test_a_killed_command_takes_its_child_along(gallery: Gallery, tmp_path: Path) -> None:
    command = [*CLI, str(gallery.model("mobilenet_v3")), "-o", str(tmp_path / "out.tflite")]
    with subprocess.Popen(
        command, cwd=ROOT, env={**child_env(), "TMPDIR": str(tmp_path)}
    ) as process:
        children = wait_for_children(process.pid)
        process.kill()
    wait_until_ended(children)


@pytest.mark.parametrize(
    ("text", "shape"),
    [("224x224", (224, 224, 3)), ("96X96x1", (96, 96, 1)), ("20x24x3", (20, 24, 3))],
)
def test_a_shape_is_height_width_and_channels(text: str, shape: tuple[int, int, int]) -> None:
    assert parse_shape(text) == shape


@pytest.mark.parametrize("text", ["", "224", "0x5", "axb", "1x2x3x4", "-3x4", "2.5x3", "٣x٣"])
def test_another_form_of_shape_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError, match="--input-shape"):
        parse_shape(text)


def wait_for_children(pid: int) -> list[int]:
    """Processes started by `pid`, once there are any and TensorFlow is on its way."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if found := children_of(pid):
            time.sleep(1.0)
            return found
        time.sleep(0.02)
    message = "no child was started"
    raise AssertionError(message)
