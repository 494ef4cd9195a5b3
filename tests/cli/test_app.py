import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from edgevision.cli import app, console, run
from edgevision.cli.app import COMMANDS, GROUPS, INTERRUPTED, guarded
from edgevision.errors import (
    DeviceError,
    EdgeVisionError,
    ImageSetError,
    MissingDependencyError,
    ModelError,
    TargetMissedError,
    UsageError,
    VerificationError,
)

ROOT = Path(__file__).resolve().parents[2]

CODES = {
    EdgeVisionError: 1,
    UsageError: 2,
    MissingDependencyError: 3,
    ImageSetError: 4,
    ModelError: 5,
    DeviceError: 6,
    TargetMissedError: 7,
    VerificationError: 8,
}


def raising(error: BaseException) -> int:
    """Exit code of a command that raises `error`."""

    def command() -> None:
        raise error

    with pytest.raises(typer.Exit) as caught:
        guarded(command)()
    return caught.value.exit_code


@pytest.mark.parametrize("kind", CODES)
def test_each_error_has_its_exit_code_and_its_hint(
    kind: type[EdgeVisionError], capsys: pytest.CaptureFixture[str]
) -> None:
    assert raising(kind("what happened", hint="what to do")) == CODES[kind]
    assert capsys.readouterr().err == "error: what happened\nhint: what to do\n"


def test_every_error_class_has_its_own_code() -> None:
    assert {kind.exit_code for kind in CODES} == set(range(1, 9))


def test_a_fault_of_ours_is_a_sentence_without_traceback(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert raising(ZeroDivisionError("division by zero")) == 1
    err = capsys.readouterr().err
    assert "ZeroDivisionError: division by zero" in err
    assert "--debug" in err


@pytest.mark.parametrize("error", [ModelError("bad"), MemoryError(), KeyError("bad")])
def test_with_debug_the_traceback_comes_too_and_the_code_stays(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code = raising(error)
    assert "Traceback" not in capsys.readouterr().err
    monkeypatch.setattr(console.settings, "debug", True)
    assert raising(error) == code
    err = capsys.readouterr().err
    assert "Traceback" in err
    assert "\nerror: " in err


def test_ctrl_c_is_130(capsys: pytest.CaptureFixture[str]) -> None:
    assert raising(KeyboardInterrupt()) == INTERRUPTED == 130


def test_usage_errors_are_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["inspect"]) == 2
    assert run(["no-such-command"]) == 2


def test_quiet_is_understood_behind_the_command_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["inspect", str(tmp_path / "none.tflite"), "--quiet"]) == 5
    assert console.settings.quiet
    assert run(["inspect", str(tmp_path / "none.tflite")]) == 5
    assert not console.settings.quiet


def test_json_has_no_nan(capsys: pytest.CaptureFixture[str]) -> None:
    console.print_json({"a": float("nan"), "b": [float("inf"), 1.5]})
    document = json.loads(capsys.readouterr().out)
    assert (document["a"], document["b"]) == (None, [None, 1.5])


def test_no_progress_is_drawn_when_stderr_is_no_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with console.progress_bar() as progress:
        progress(1, 2, "working")
    assert capsys.readouterr().err == ""


def test_every_command_has_help_and_a_line_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    for name, command in COMMANDS:
        assert (command.__doc__ or "").strip(), name
        assert re.search(rf"\|.*`{name}`.*\|", readme), f"README has no row for {name}"
    for name, _ in GROUPS:
        assert f"`{name}" in readme, f"README has no row for {name}"


def test_commands_in_the_readme_are_understood() -> None:
    readme = (ROOT / "README.md").read_text()
    known = {name for name, _ in (*COMMANDS, *GROUPS)}
    used = set(re.findall(r"^\$ edgevision (\w+)", readme, re.MULTILINE))
    assert used, "no commands found: the pattern is wrong"
    assert used <= known


def test_the_app_is_what_the_entry_point_runs() -> None:
    assert isinstance(app, typer.Typer)


def test_an_interrupt_while_a_dataclass_is_made_ends_with_130(tmp_path: Path) -> None:
    # dataclasses make their methods by exec.
    (tmp_path / "interrupted.py").write_text(
        "import sys, typer\n"
        "from edgevision.cli.app import guarded\n"
        "def command() -> None:\n"
        "    exec('raise KeyboardInterrupt')\n"
        "try:\n"
        "    guarded(command)()\n"
        "except typer.Exit as ended:\n"
        "    sys.exit(ended.exit_code)\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "interrupted"], cwd=tmp_path, capture_output=True, check=False
    )
    assert (done.returncode, b"interrupted; nothing" in done.stderr) == (130, True)
