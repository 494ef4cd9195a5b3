import json
from pathlib import Path

import pytest

from edgevision.android.project import Project
from edgevision.cli import run
from edgevision.errors import ModelError, UsageError, VerificationError
from tests.android.tiny_model import tiny_model


def test_export_into_a_new_app_and_check_it(
    tmp_path: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    app = tmp_path / "birds"
    assert (
        run(
            [
                "android",
                "export",
                str(model),
                "--new-app",
                str(app),
                "--package",
                "com.a.b",
                "--json",
            ]
        )
        == 0
    )
    document = json.loads(capsys.readouterr().out)
    assert document["golden_photos"] == 3
    assert document["inputs_proven"] > 3
    assert run(["android", "check", str(app), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["ok"] is True


def test_a_failed_check_exits_with_8_and_names_it(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["android", "check", str(project.folder)]) == VerificationError.exit_code
    captured = capsys.readouterr()
    assert "model-digest" in captured.err
    assert "FAILED" in captured.out


@pytest.mark.parametrize(
    ("options", "declared"),
    [
        (["--new-app", "x"], "needs an application id"),
        (["--package", "com.a.b"], "--package names a new app"),
        (["--new-app", "x", "--package", "com.a.b", "--project", "y"], "two targets"),
        (["--project", "nowhere"], "no Android project"),
    ],
)
def test_targets_that_do_not_fit_together_are_refused(
    model: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    declared: str,
) -> None:
    monkeypatch.chdir(model.parent)
    assert run(["android", "export", str(model), *options]) == UsageError.exit_code
    assert declared in capsys.readouterr().err
    assert not (model.parent / "x").exists()


def test_a_model_without_card_exits_with_5(
    tmp_path: Path, project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bare.tflite"
    path.write_bytes(tiny_model())
    arguments = ["android", "export", str(path), "--project", str(project.folder)]
    assert run(arguments) == ModelError.exit_code
    assert "hint:" in capsys.readouterr().err


def test_a_new_app_whose_model_is_refused_is_taken_back(tmp_path: Path) -> None:
    path = tmp_path / "bare.tflite"
    path.write_bytes(tiny_model())
    target = ["--new-app", str(tmp_path / "birds"), "--package", "com.a.b"]
    assert run(["android", "export", str(path), *target]) == ModelError.exit_code
    assert not (tmp_path / "birds").exists()
