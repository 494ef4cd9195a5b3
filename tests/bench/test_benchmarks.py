"""What benchmarks/ keeps is kept in order."""

import subprocess
import sys
from pathlib import Path

from edgevision.bench.results.budget import read_budget

ROOT = Path(__file__).parents[2]


def test_the_table_in_the_documents_is_that_of_the_newest_results() -> None:
    table, documents = ROOT / "benchmarks/table.py", (ROOT / "docs/bench.md", ROOT / "README.md")
    reply = subprocess.run(
        [sys.executable, str(table), *map(str, documents), "--suite", "int8-224", "--check"],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(ROOT)},
    )
    assert (reply.returncode, reply.stdout) == (0, ""), reply.stderr


def test_the_targets_are_a_budget() -> None:
    limits = read_budget(ROOT / "benchmarks/targets.toml")
    # "[" is special in a pattern; the names of threads sweeps hold one.
    assert "MobileNetV2-int8 [[]4 threads]" in {one.model for one in limits}
