"""The app's model is replaced as a whole, however the export ends."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from edgevision.android import swap
from edgevision.android.export import Exported, export
from edgevision.android.project import Project
from edgevision.android.swap import exchange, replacing_folder
from edgevision.errors import UsageError
from edgevision.files import sha256_of

KILLED = """
import sys, time
from pathlib import Path
from edgevision.android import export
from edgevision.android.project import read_project

def hang(*_, **__):
    print("writing", flush=True)
    time.sleep(600)

export.write_model_goldens = hang
export.export(Path(sys.argv[1]), read_project(Path(sys.argv[2])))
"""


def content(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_an_export_that_is_killed_leaves_the_model_that_was_there(
    model: Path, project: Project, exported: Exported
) -> None:
    before = content(project.model_folder)
    command = [sys.executable, "-c", KILLED, str(model), str(project.folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "writing\n"
        child.kill()
    assert content(project.model_folder) == before
    (left,) = project.model_folder.parent.glob(".export-*")
    old = time.time() - 2 * 3600
    os.utime(left, (old, old))
    again = export(model, project)
    assert again.sha256 == exported.sha256 == sha256_of(project.model_folder / "model.tflite")
    assert [path.name for path in project.model_folder.parent.iterdir()] == ["model"]


def test_an_export_that_is_running_is_left_alone(tmp_path: Path) -> None:
    with replacing_folder(tmp_path / "model") as one:
        (one / "file").write_text("one")
        with replacing_folder(tmp_path / "model") as two:
            (two / "file").write_text("two")
        assert (one / "file").read_text() == "one"
    assert content(tmp_path) == {"model/file": b"one"}


def test_two_folders_change_places_in_one_step(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
    if not exchange(tmp_path / "a", tmp_path / "b"):
        pytest.skip("this system or file system cannot")
    assert content(tmp_path) == {"a/b": b"", "b/a": b""}


def test_without_an_exchange_it_is_replaced_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(swap, "exchange", lambda *_: False)
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "old").touch()
    with replacing_folder(tmp_path / "model") as fresh:
        (fresh / "new").touch()
    assert content(tmp_path) == {"model/new": b""}


def test_a_file_in_the_models_place_is_refused(model: Path, project: Project) -> None:
    project.model_folder.parent.mkdir(parents=True)
    project.model_folder.write_text("mine")
    with pytest.raises(UsageError, match="is no folder"):
        export(model, project)
    assert project.model_folder.read_text() == "mine"
