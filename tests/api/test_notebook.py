"""docs/python-tour.ipynb runs from its first cell to its last, and lies in git without outputs."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

NOTEBOOK = Path(__file__).parents[2] / "docs" / "python-tour.ipynb"

# What Jupyter does with a cell: run it, and show its last expression as HTML where it can.
RUNNER = """
import ast, json, sys
names = {}
for source in json.load(sys.stdin):
    *before, last = ast.parse(source).body
    exec(compile(ast.Module(before, []), "cell", "exec"), names)
    if isinstance(last, ast.Expr):
        value = eval(compile(ast.Expression(last.value), "cell", "eval"), names)
        if hasattr(value, "_repr_html_"):
            print("HTML", type(value).__name__, len(value._repr_html_()) > 100)
    else:
        exec(compile(ast.Module([last], []), "cell", "exec"), names)
"""


@pytest.fixture
def cells() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(NOTEBOOK.read_text())["cells"]
    return [cell for cell in found if cell["cell_type"] == "code"]


def test_the_notebook_lies_in_git_without_outputs(cells: list[dict[str, Any]]) -> None:
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in cells)


@pytest.mark.slow
def test_the_notebook_runs_to_its_end(cells: list[dict[str, Any]], tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", RUNNER],
        cwd=tmp_path,
        input=json.dumps(["".join(cell["source"]) for cell in cells]),
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    shown = [line.split()[1:] for line in done.stdout.splitlines() if line.startswith("HTML")]
    assert [name for name, _ in shown] == [
        "OptimizeResult",
        "InspectResult",
        "VerifyResult",
        "BenchResult",
        "Prediction",
        "QuantizeResult",
    ]
    assert all(is_long == "True" for _, is_long in shown)
    assert "digits-edge/int8.tflite" in done.stdout
