import json
from pathlib import Path

import pytest

from edgevision.cli import run
from edgevision.demo.run import COMMANDS, MARK, run_demo
from edgevision.errors import UsageError


@pytest.mark.slow
def test_the_demo_ends_with_an_int8_model_that_reads_digits(tmp_path: Path) -> None:
    declared: list[str] = []
    demo = run_demo(tmp_path / "demo", say=declared.append)
    report = json.loads((demo.folder / "digits-edge" / "report.json").read_text())
    floats, int8 = report["files"]
    assert report["proof"] == {"set": "held-out", "role": "evaluation", "images": 445}
    assert floats["top1"]["value"] > 0.95
    assert int8["top1"]["value"] > floats["top1"]["value"] - 0.02
    assert int8["size_bytes"] < 0.3 * floats["size_bytes"]
    assert len(declared) == 1 + len(COMMANDS)


def test_a_folder_of_the_users_is_not_filled(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(UsageError, match="not the demo's"):
        run_demo(tmp_path, overwrite=True)
    assert (tmp_path / "thesis.txt").read_text() == "mine"


def test_an_earlier_demo_is_kept_unless_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / MARK).touch()
    assert run(["demo", "-o", str(tmp_path)]) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert (tmp_path / MARK).exists()
