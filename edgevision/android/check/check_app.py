"""Checking an app, packed or as a project, without the Android SDK."""

from collections.abc import Iterator
from pathlib import Path

from edgevision.android.check.apk import Apk
from edgevision.android.check.check_manifest import check_manifest, check_sdk, sdk_of
from edgevision.android.check.check_model import check_model
from edgevision.android.check.check_package import (
    check_archive,
    check_classes,
    check_libraries,
    check_signature,
    check_stored,
)
from edgevision.android.check.finding import AppFinding, Outcome, find
from edgevision.android.check.manifest import read_text
from edgevision.android.export import MODEL_FILE
from edgevision.android.project import MODEL_FOLDER, Project, read_project
from edgevision.errors import UsageError


def check(path: Path) -> tuple[AppFinding, ...]:
    """All findings about the APK or the project folder at `path`, in a fixed order.

    Raises:
        UsageError: it is neither.
    """
    if path.is_dir():
        return tuple(_check_project(read_project(path)))
    with Apk(path) as apk:
        return tuple(_check_apk(apk))


def _check_apk(apk: Apk) -> Iterator[AppFinding]:
    folder = f"assets/{MODEL_FOLDER}"
    yield check_archive(apk)
    yield check_stored(apk, f"{folder}/{MODEL_FILE}")
    yield from check_model(lambda name: apk.read(f"{folder}/{name}"))
    yield check_libraries(apk)
    yield check_sdk(lambda: sdk_of(apk.manifest))
    yield from check_manifest(lambda: apk.manifest)
    yield from check_classes(apk)
    yield check_signature(apk)


def _check_project(project: Project) -> Iterator[AppFinding]:
    def read(name: str) -> bytes:
        try:
            return (project.model_folder / name).read_bytes()
        except OSError as error:
            message = f"no {name} in {project.model_folder}"
            hint = "edgevision android export model.tflite puts it there"
            raise UsageError(message, hint=hint) from error

    yield find("model-stored", lambda: _no_compress(project))
    yield from check_model(read, litert=project.litert)
    yield check_sdk(lambda: (project.min_sdk, project.target_sdk))
    yield from check_manifest(lambda: read_text(project.manifest))


def _no_compress(project: Project) -> tuple[Outcome, str]:
    if "tflite" not in project.no_compress:
        return "failed", 'app/build.gradle.kts lacks noCompress += "tflite"'
    return "ok", "tflite files stay uncompressed"
