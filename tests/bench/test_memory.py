"""Memory, measured by a process of its own: in every case a figure, or the reason why not."""

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from edgevision.bench.machine import memory_probe
from edgevision.bench.machine.memory import Memory, activation_peak, memory_of
from edgevision.bench.timing.case import Case
from edgevision.tflite.read import read_model
from tests.bench.conftest import PROBE
from tests.bench.networks import hard_swish_network


def measured(case: Case, **more: float) -> Memory:
    return memory_of(case, read_model(PROBE), **more)


@pytest.fixture
def python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Makes a shell script the interpreter that the probe runs in."""

    def use(script: str) -> None:
        path = tmp_path / "python"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        monkeypatch.setenv("EDGEVISION_PYTHON", str(path))

    return use


def test_activations_alive_at_once() -> None:
    model = read_model(hard_swish_network(blocks=2, side=8, channels=4))
    # Input 8x8x3 and the first convolution's output 8x8x4; later two of 8x8x4: int8.
    assert activation_peak(model) == 2 * 8 * 8 * 4


def test_memory_is_measured_in_a_process_of_its_own() -> None:
    found = measured(Case(name="p", model=PROBE))
    assert found.reason == ""
    assert found.peak_bytes is not None
    assert found.model_bytes is not None
    # Python with NumPy and the runtime; the probe itself is next to nothing.
    assert 10e6 < found.peak_bytes < 1e9
    assert found.model_bytes < 20e6


@pytest.mark.parametrize(
    "name", ["model.tflite", "folder/model.tflite", "with spaces.tflite", "Größe \u7bb1 '\".tflite"]
)
def test_a_path_is_the_same_file_for_the_process(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(PROBE.read_bytes())
    monkeypatch.chdir(tmp_path)
    found = measured(Case(name="p", model=Path(name)))
    assert (found.reason, found.model_bytes is None) == ("", False)


def test_a_library_beside_the_model_is_looked_for_there_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = measured(Case(name="p", model=PROBE, delegates=(Path("build/none.so"),)))
    assert str(tmp_path / "build/none.so") in found.reason


@pytest.mark.parametrize(
    ("model", "more", "reason"),
    [
        (PROBE.read_bytes(), {}, "the model is in no file that another process could open"),
        (Path("/nowhere.tflite"), {}, "ended with 1: .*nowhere.tflite"),
        (Path(__file__), {}, "ended with 1: .*test_memory.py"),
        (PROBE, {"runtime": "nonsense"}, "ended with 1: .*nonsense"),
    ],
)
def test_what_cannot_be_opened_is_the_reason(
    model: Path | bytes, more: dict[str, str], reason: str
) -> None:
    found = measured(Case(name="p", model=model, **more))  # type: ignore[arg-type]
    assert (found.model_bytes, found.peak_bytes) == (None, None)
    assert found.activations_bytes > 0
    assert re.search(reason, found.reason), found.reason


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("kill -SEGV $$", "the process that measures it was ended by SIGSEGV"),
        ("kill -KILL $$", "the process that measures it was ended by SIGKILL"),
        ("kill -36 $$", "the process that measures it was ended by signal 36"),
        ("echo no; exit 0", "the process that measures it answered 'no'"),
        ("echo '[1]'", "the process that measures it answered '[1]'"),
        ("exit 0", "the process that measures it answered ''"),
        ("exit 3", "the process that measures it ended with 3: without a word"),
        ("echo; echo why >&2; echo >&2; exit 3", "the process that measures it ended with 3: why"),
        ("sleep 60", "the process that measures it did not end in 0.5 s"),
    ],
)
def test_a_process_that_fails_is_the_reason(
    script: str, reason: str, python: Callable[[str], None]
) -> None:
    python(script.replace("sleep", "exec sleep"))
    found = measured(Case(name="p", model=PROBE), timeout_seconds=0.5 if "sleep" in script else 60)
    assert (found.model_bytes, found.peak_bytes, found.reason) == (None, None, reason)


def test_an_interpreter_without_numpy_is_the_reason(python: Callable[[str], None]) -> None:
    # The same interpreter, without the packages of its venv.
    python(f'exec {Path(sys.executable).resolve()} -S "$@"')
    found = measured(Case(name="p", model=PROBE))
    assert found.reason.endswith("ModuleNotFoundError: No module named 'numpy'")


def test_an_interpreter_that_is_not_there_is_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGEVISION_PYTHON", "/nowhere/python")
    found = measured(Case(name="p", model=PROBE))
    assert found.reason == "cannot start /nowhere/python: No such file or directory"


def test_notices_before_the_answer_are_left_aside(python: Callable[[str], None]) -> None:
    python("echo INFO: hello; echo '[1000, 3000]'")
    found = measured(Case(name="p", model=PROBE))
    assert (found.model_bytes, found.peak_bytes, found.reason) == (2000, 3000, "")


def test_a_system_without_procfs_is_the_reason(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(memory_probe, "_PROC", tmp_path / "proc/self")
    with pytest.raises(SystemExit) as ended:
        memory_probe.main(json.dumps({"name": "p", "model": str(PROBE)}))
    assert "this system does not tell the memory of a process" in str(ended.value)
    assert capsys.readouterr().out == ""
