import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from edgevision.android import project as project_module
from edgevision.android.project import DEMO_PACKAGE, demo_folder, new_app, read_project
from edgevision.errors import EdgeVisionError, UsageError


def test_a_new_app_has_its_own_package_everywhere(tmp_path: Path) -> None:
    project = new_app(tmp_path / "birds", "com.example.birds")
    sources = project.folder / "app/src/main/kotlin"
    assert (sources / "com/example/birds/MainActivity.kt").is_file()
    assert not (sources / "com/edgevision").exists()
    for path in project.folder.rglob("*"):
        if path.suffix in {".kt", ".kts", ".xml"}:
            assert DEMO_PACKAGE not in path.read_text(), path


@pytest.mark.parametrize(
    ("folder", "on_phone", "project_name"),
    [
        ("birds", "birds", "birds"),
        ("Vögel & Co", "Vögel &amp; Co", "edgevision-demo"),
        ("@it's $5 \\1", "\\@it\\'s $5 \\\\1", "edgevision-demo"),
    ],
)
def test_a_new_app_is_called_as_its_folder(
    tmp_path: Path, folder: str, on_phone: str, project_name: str
) -> None:
    made = new_app(tmp_path / folder, "com.example.birds").folder
    strings = (made / "app/src/main/res/values/strings.xml").read_text()
    assert f'<string name="app_name">{on_phone}</string>' in strings
    ET.fromstring(strings)  # noqa: S314 - our own file
    assert f'rootProject.name = "{project_name}"' in (made / "settings.gradle.kts").read_text()


def test_a_new_app_may_share_the_demos_first_word(tmp_path: Path) -> None:
    project = new_app(tmp_path / "own", "com.edgevision.own")
    assert (project.folder / "app/src/main/kotlin/com/edgevision/own/MainActivity.kt").is_file()
    assert not (project.folder / "app/src/main/kotlin/com/edgevision/demo").exists()


def test_a_new_app_starts_without_model_and_build_products(tmp_path: Path) -> None:
    project = new_app(tmp_path / "birds", "com.example.birds")
    assert not project.model_folder.exists()
    assert not list(project.folder.rglob(".cache"))
    assert not list(project.folder.rglob("build"))
    assert not (project.folder / "ci").exists()


@pytest.mark.parametrize(
    "package",
    [
        "birds",
        "Com.example",
        "com.example.",
        "com.new.x",
        "a b.c",
        "com.example.../../x",
        "com.example.x\n",
        "com.é.x",
        "java.birds",
        "kotlin.birds",
        "com." + "b" * 220,
    ],
)
def test_a_bad_application_id_is_refused(tmp_path: Path, package: str) -> None:
    with pytest.raises(UsageError, match="no application id"):
        new_app(tmp_path / "birds", package)
    assert not (tmp_path / "birds").exists()


def test_an_existing_folder_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "birds").mkdir()
    with pytest.raises(UsageError, match="exists already"):
        new_app(tmp_path / "birds", "com.example.birds")
    assert list((tmp_path / "birds").iterdir()) == []


def test_a_link_to_nowhere_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "birds").symlink_to(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="exists already"):
        new_app(tmp_path / "birds", "com.example.birds")


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(EdgeVisionError, match="cannot write"):
        new_app(tmp_path / "file" / "birds", "com.example.birds")
    assert (tmp_path / "file").read_text() == "mine"


def test_the_demo_is_not_copied_into_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    demo = new_app(tmp_path / "demo", "com.example.birds").folder
    monkeypatch.setattr(project_module, "demo_folder", lambda: demo)
    with pytest.raises(UsageError, match="inside of the demo"):
        new_app(demo / "app" / "birds", "com.example.birds")
    assert not (demo / "app" / "birds").exists()
    # What a copy leaves out may hold one.
    assert new_app(demo / "build" / "birds", "com.example.birds").folder.is_dir()


@pytest.mark.parametrize("level", ["twenty-six", "", "26.5"])
def test_a_level_that_is_no_number_is_named(tmp_path: Path, level: str) -> None:
    project = new_app(tmp_path / "birds", "com.example.birds")
    catalog = project.folder / "gradle/libs.versions.toml"
    catalog.write_text(catalog.read_text().replace('minSdk = "26"', f'minSdk = "{level}"'))
    with pytest.raises(UsageError, match="minSdk"):
        read_project(project.folder)


def test_a_build_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    project = new_app(tmp_path / "birds", "com.example.birds")
    (project.folder / "app/build.gradle.kts").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="cannot read"):
        read_project(project.folder)


def test_the_demos_facts_are_read_from_its_build_files() -> None:
    project = read_project(demo_folder())
    assert project.litert == "2.3.0"
    assert project.min_sdk == 26
    assert project.target_sdk >= 35
    assert project.no_compress == ("tflite",)


def test_a_missing_version_is_named(tmp_path: Path) -> None:
    project = new_app(tmp_path / "birds", "com.example.birds")
    catalog = project.folder / "gradle/libs.versions.toml"
    catalog.write_text(catalog.read_text().replace('minSdk = "26"\n', ""))
    with pytest.raises(UsageError, match="minSdk"):
        read_project(project.folder)


def test_another_folder_is_no_project(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no Android project"):
        read_project(tmp_path)


def test_every_catalog_alias_that_a_build_file_uses_exists() -> None:
    demo = demo_folder()
    catalog = (demo / "gradle/libs.versions.toml").read_text()
    sections = dict(re.findall(r"\[(\w+)\]\n(.*?)(?=\n\[|\Z)", catalog, re.DOTALL))
    for build in demo.glob("**/build.gradle.kts"):
        used = re.findall(
            r"libs\.(plugins\.|versions\.)?([\w.]+?)(?=\.get\(|\))", build.read_text()
        )
        for kind, alias in used:
            section = {"plugins.": "plugins", "versions.": "versions", "": "libraries"}[kind]
            name = re.escape(alias.replace(".", "-"))
            assert re.search(rf"^{name}\s*=", sections[section], re.MULTILINE), (build, alias)
