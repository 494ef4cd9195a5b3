import json
from pathlib import Path

from edgevision.android.check.check_app import check
from edgevision.android.check.finding import AppFinding
from edgevision.android.export import Exported
from edgevision.android.project import Project


def findings(folder: Path) -> dict[str, AppFinding]:
    return {finding.check: finding for finding in check(folder)}


def test_a_fresh_export_passes(exported: Exported, project: Project) -> None:
    assert {finding.outcome for finding in check(project.folder)} == {"ok"}


def test_a_project_without_a_model_says_how_to_get_one(project: Project) -> None:
    found = findings(project.folder)["model-digest"]
    assert found.outcome == "failed"
    assert "no model.json" in found.detail


def test_a_model_exchanged_by_hand_fails(exported: Exported, project: Project) -> None:
    with (exported.folder / "model.tflite").open("ab") as file:
        file.write(b"x")
    assert findings(project.folder)["model-digest"].outcome == "failed"


def test_compressing_tflite_files_fails(exported: Exported, project: Project) -> None:
    build = project.folder / "app/build.gradle.kts"
    build.write_text(build.read_text().replace('noCompress += "tflite"', ""))
    assert findings(project.folder)["model-stored"].outcome == "failed"


def test_the_network_permission_fails(exported: Exported, project: Project) -> None:
    manifest = project.folder / "app/src/main/AndroidManifest.xml"
    asked = '<uses-permission android:name="android.permission.INTERNET" /></manifest>'
    manifest.write_text(manifest.read_text().replace("</manifest>", asked))
    found = findings(project.folder)["permissions"]
    assert (found.outcome, found.detail) == ("failed", "asks for android.permission.INTERNET")


def test_an_export_for_another_litert_is_warned_about(exported: Exported, project: Project) -> None:
    path = exported.folder / "model.json"
    document = json.loads(path.read_text())
    document["android"]["litert"] = "2.2.0"
    path.write_text(json.dumps(document))
    assert findings(project.folder)["litert-operations"].outcome == "warning"
