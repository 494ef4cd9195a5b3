"""The command line starts without the heavy packages: `--help` on a Pi must not take seconds."""

import subprocess
import sys

import pytest

HEAVY = {"tensorflow", "keras", "cv2", "ai_edge_litert", "numpy", "rich.progress"}


def heavy_modules_after(statement: str) -> set[str]:
    """Which of HEAVY a fresh process has loaded after `statement`."""
    code = f"{statement}\nimport sys\nprint(*({HEAVY!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_the_command_line_loads_nothing_heavy() -> None:
    assert heavy_modules_after("import edgevision.cli") == set()


def test_this_check_can_fail() -> None:
    assert "numpy" in heavy_modules_after("import edgevision.tensors")


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["optimize", "--help"]])
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    statement = f"from edgevision.cli import run\nassert run({arguments!r}) == 0"
    code = f"{statement}\nimport sys\nprint('LOADED', *({HEAVY!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "LOADED"
