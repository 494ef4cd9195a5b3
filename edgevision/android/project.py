"""An Android project on disk: the demo, or an app that began as a copy of it."""

import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from edgevision.errors import UsageError
from edgevision.files import writing

ASSETS = Path("app/src/main/assets")
MODEL_FOLDER = "model"
"""Folder of the exported files, below the assets."""

DEMO_PACKAGE = "com.edgevision.demo"

_VERSIONS = Path("gradle/libs.versions.toml")
_BUILD = Path("app/build.gradle.kts")
_MANIFEST = Path("app/src/main/AndroidManifest.xml")
_PACKAGE = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
_LEFT_OUT = {"build", ".gradle", ".idea", ".kotlin", ".cache", "local.properties", "captures"}
_KEYWORDS = """
    as break class continue do else false for fun if in interface is null object package return
    super this throw true try typealias typeof val var when while abstract assert boolean byte case
    catch char const default double enum extends final finally float goto implements import
    instanceof int long native new private protected public short static strictfp switch
    synchronized throws transient void volatile
"""
"""Words that a Kotlin or Java package may not hold."""

_OF_THE_SYSTEM = {"android", "java", "kotlin"}
"""First words that phones, or the compiler, keep for themselves."""

_LONGEST_PACKAGE = 223
"""What Android's package manager takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """What the files of a project say, without running Gradle."""

    folder: Path
    litert: str
    """Version of com.google.ai.edge.litert in the version catalog."""
    min_sdk: int
    target_sdk: int
    no_compress: tuple[str, ...]
    """Extensions that stay uncompressed in the APK."""
    manifest: str

    @property
    def model_folder(self) -> Path:
        """Where the exported model lies, or will."""
        return self.folder / ASSETS / MODEL_FOLDER


def is_project(folder: Path) -> bool:
    """Whether `folder` looks like an Android project with our layout."""
    return (folder / _BUILD).is_file() and (folder / _VERSIONS).is_file()


def read_project(folder: Path) -> Project:
    """The facts of the project in `folder`.

    Raises:
        UsageError: it is no project of our layout, or a version is missing in its catalog.
    """
    if not is_project(folder):
        message = f"{folder} is no Android project with {_BUILD} and {_VERSIONS}"
        raise UsageError(
            message, hint="edgevision android export model.tflite --new-app DIR --package com.x.y"
        )
    catalog, build = _text(folder / _VERSIONS), _text(folder / _BUILD)
    manifest = folder / _MANIFEST
    return Project(
        folder=folder,
        litert=_version(catalog, "litert"),
        min_sdk=_level(catalog, "minSdk"),
        target_sdk=_level(catalog, "targetSdk"),
        no_compress=tuple(_no_compress(build)),
        manifest=_text(manifest) if manifest.is_file() else "",
    )


def demo_folder() -> Path:
    """The demo's sources: beside the package in a checkout, inside it when installed.

    Raises:
        UsageError: neither is there.
    """
    package = Path(__file__).resolve().parent
    for folder in (package.parents[1] / "android_demo", package / "demo"):
        if is_project(folder):
            return folder
    message = "the demo app's sources are not installed"
    raise UsageError(message, hint="pip install --force-reinstall edgevision, or use a checkout")


def new_app(destination: Path, package: str) -> Project:
    """Copy the demo to `destination` as an app of one's own, with application id `package`.

    Its name on the phone is the folder's.

    The copy appears as a whole or not at all. The library under core/ keeps its package.

    Raises:
        UsageError: `destination` exists, or `package` is no Java package name of two parts.
        EdgeVisionError: it cannot be written.
    """
    _refuse_package(package)
    if destination.exists() or destination.is_symlink():
        message = f"{destination} exists already"
        raise UsageError(message, hint="choose a folder that does not exist")
    source = demo_folder()
    if _is_copied(destination.parent.resolve(), source):
        message = f"{destination} is inside of the demo, which is copied"
        raise UsageError(message, hint="choose a folder beside it")
    with writing(destination):
        destination.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".new-app-", dir=destination.parent) as temporary:
            copy = Path(temporary) / "app"
            _copy(source, copy, package)
            _name(copy, destination.name)
            copy.rename(destination)
    return read_project(destination)


def _is_copied(folder: Path, source: Path) -> bool:
    """Whether `folder` is a part of the demo that a copy takes along: it would copy itself."""
    if not folder.is_relative_to(source):
        return False
    return _LEFT_OUT.isdisjoint(folder.relative_to(source).parts)


def _refuse_package(package: str) -> None:
    parts = package.split(".")
    if (
        not _PACKAGE.fullmatch(package)
        or not set(parts).isdisjoint(_KEYWORDS.split())
        or parts[0] in _OF_THE_SYSTEM
        or len(package) > _LONGEST_PACKAGE
    ):
        message = f"{package!r} is no application id"
        raise UsageError(message, hint="use lower-case words with dots, as in com.example.birds")


def _copy(source: Path, copy: Path, package: str) -> None:
    shutil.copytree(source, copy, ignore=_ignored)
    # What verifies the demo in our CI needs our tests; an installed demo comes without.
    shutil.rmtree(copy / "ci", ignore_errors=True)
    for path in _texts(copy):
        text = path.read_text(encoding="utf-8")
        if DEMO_PACKAGE in text:
            path.write_text(text.replace(DEMO_PACKAGE, package), encoding="utf-8")
    for root in ("app/src/main/kotlin", "app/src/androidTest/kotlin", "app/src/test/kotlin"):
        _move_package(copy / root, package)
    # An installed demo may be read-only.
    copy.chmod(0o755)


def _name(copy: Path, name: str) -> None:
    """Name the app on the phone, and the project, after the folder."""
    strings = copy / "app/src/main/res/values/strings.xml"
    escaped = re.sub(r"""(["'\\]|^[@?])""", r"\\\1", name)
    line = f'<string name="app_name">{escape(escaped)}</string>'
    _replace(strings, r'<string name="app_name">.*?</string>', line)
    # Gradle and its Kotlin script give other characters a meaning.
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
        line = f'rootProject.name = "{name}"'
        _replace(copy / "settings.gradle.kts", r"rootProject\.name = .*", line)


def _replace(path: Path, pattern: str, line: str) -> None:
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(pattern, lambda _: line, text), encoding="utf-8")


def _ignored(folder: str, names: list[str]) -> set[str]:
    left_out = {name for name in names if name in _LEFT_OUT}
    if Path(folder).name == "assets":
        # The demo's own model is not the new app's.
        left_out |= {name for name in names if name == MODEL_FOLDER}
    return left_out


def _texts(folder: Path) -> Iterator[Path]:
    kinds = {".kt", ".kts", ".xml", ".toml", ".pro", ".md", ".properties", ".py", ".sh"}
    return (path for path in folder.rglob("*") if path.is_file() and path.suffix in kinds)


def _move_package(root: Path, package: str) -> None:
    old = root / Path(*DEMO_PACKAGE.split("."))
    if not old.is_dir():
        return
    new = root / Path(*package.split("."))
    staging = root / ".moved"
    old.rename(staging)
    # Remove the emptied parents, which the new package may share or not.
    for parent in old.parents:
        if parent == root or any(parent.iterdir()):
            break
        parent.rmdir()
    new.parent.mkdir(parents=True, exist_ok=True)
    staging.rename(new)


def _version(catalog: str, name: str) -> str:
    found = re.search(rf'^{re.escape(name)}\s*=\s*"([^"]+)"', catalog, re.MULTILINE)
    if found is None:
        message = f"{_VERSIONS} has no version named {name!r}"
        raise UsageError(message, hint=f'add {name} = "..." under [versions]')
    return found[1]


def _level(catalog: str, name: str) -> int:
    level = _version(catalog, name)
    if not re.fullmatch(r"[0-9]{1,4}", level):
        message = f"{_VERSIONS} has {name} = {level!r}, which is no API level"
        raise UsageError(message, hint=f'write a number: {name} = "35"')
    return int(level)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        message = f"cannot read {path}: {error}"
        raise UsageError(message, hint="check that it is a readable UTF-8 text") from error


def _no_compress(build: str) -> list[str]:
    lines = [line for line in build.splitlines() if "noCompress" in line]
    return [word for line in lines for word in re.findall(r'"([^"]+)"', line)]
