"""`android check`: a good APK passes, and for each check there is a broken APK that it fails.

Run on an APK of our own making; and, when android_demo/ci/run.sh has built one with aapt2, R8 and
apksigner, on that one as well.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from edgevision.android.check.apk import Apk
from edgevision.android.check.check_app import check
from edgevision.android.export import Exported
from edgevision.errors import UsageError
from tests.android import binary_xml
from tests.android.apk_builder import (
    Parts,
    changed,
    elf,
    good_parts,
    manifest,
    read_parts,
    without,
    write_apk,
)

MODEL = "assets/model/model.tflite"
CARD = "assets/model/model.json"
REAL = os.environ.get("EDGEVISION_STRUCTURAL_APK")

Break = Callable[[Parts], Parts]


@pytest.fixture(params=["ours", "structural"])
def parts(request: pytest.FixtureRequest, exported: Exported) -> Parts:
    """The files of a good APK."""
    if request.param == "ours":
        return good_parts(exported.folder)
    if REAL is None:
        pytest.skip("android_demo/ci/run.sh builds the structural APK")
    return read_parts(Path(REAL))


def failed(path: Path) -> set[str]:
    return {finding.check for finding in check(path) if finding.outcome == "failed"}


def test_a_good_apk_passes(tmp_path: Path, parts: Parts) -> None:
    assert failed(write_apk(tmp_path / "good.apk", parts)) == set()


def flip_byte(parts: Parts) -> Parts:
    content = bytearray(parts[MODEL].content)
    content[len(content) // 2] ^= 1
    return changed(parts, MODEL, content=bytes(content))


def card_with(parts: Parts, change: Callable[[dict[str, object]], None]) -> Parts:
    document = json.loads(parts[CARD].content)
    change(document)
    return changed(parts, CARD, content=json.dumps(document).encode())


def other_shape(parts: Parts) -> Parts:
    return card_with(parts, lambda card: card["inputs"][0].update(scale=0.5))  # type: ignore[index]


def older_litert(parts: Parts) -> Parts:
    return card_with(parts, lambda card: card.update(android={"litert": "1.0.0"}))


def other_manifest(**changes: object) -> Break:
    def put(parts: Parts) -> Parts:
        # The activity is the one that the APK's code holds.
        activity = "com.example.structural.MainActivity"
        if activity.encode().replace(b".", b"/") not in parts["classes.dex"].content:
            activity = "com.example.birds.MainActivity"
        tag = manifest(**{"activity": activity, **changes})  # type: ignore[arg-type]
        return changed(parts, "AndroidManifest.xml", content=binary_xml.write(tag))

    return put


def library(parts: Parts) -> str:
    return next(name for name in parts if name.startswith("lib/arm64-v8a/"))


BROKEN: dict[str, tuple[str, Break]] = {
    "model compressed": ("model-stored", lambda p: changed(p, MODEL, is_stored=False)),
    "model not aligned": (
        "model-stored",
        lambda p: changed(p, MODEL, align=1),
    ),
    "one bit of the model changed": ("model-digest", flip_byte),
    "card of another model": ("model-card", other_shape),
    "built for a LiteRT without table": ("litert-operations", older_litert),
    "golden photo missing": (
        "golden-files",
        lambda p: without(p, next(n for n in p if n.endswith(".rgb"))),
    ),
    "library for 4 KB pages": (
        "native-alignment",
        lambda p: changed(p, library(p), content=elf(4096)),
    ),
    "library not aligned in the file": (
        "native-alignment",
        lambda p: changed(p, library(p), align=4),
    ),
    "library damaged": ("native-alignment", lambda p: changed(p, library(p), content=b"x")),
    "old target SDK": ("sdk-levels", other_manifest(target_sdk=30)),
    "min SDK too low": ("sdk-levels", other_manifest(min_sdk=21)),
    "network permission": (
        "permissions",
        other_manifest(permissions=("android.permission.CAMERA", "android.permission.INTERNET")),
    ),
    "no camera permission": ("permissions", other_manifest(permissions=())),
    "camera required": ("camera-optional", other_manifest(camera_required=True)),
    "launcher not exported": ("launcher", other_manifest(is_exported=False)),
    "activity without code": ("classes", other_manifest(activity="com.example.Missing")),
    "no code": ("classes", lambda p: without(p, "classes.dex")),
    "damaged code": ("classes", lambda p: changed(p, "classes.dex", content=b"dex\n038\0")),
}


@pytest.mark.parametrize("name", BROKEN)
def test_each_fault_fails_its_check_and_no_other(tmp_path: Path, parts: Parts, name: str) -> None:
    expected, put = BROKEN[name]
    assert failed(write_apk(tmp_path / "broken.apk", put(parts))) == {expected}


def test_an_unsigned_apk_fails(tmp_path: Path, parts: Parts) -> None:
    path = write_apk(tmp_path / "unsigned.apk", parts, is_signed=False)
    assert failed(path) == {"signature"}


def test_every_check_has_a_fault_that_fails_it(tmp_path: Path, exported: Exported) -> None:
    good = write_apk(tmp_path / "a.apk", good_parts(exported.folder))
    checks = {finding.check for finding in check(good)}
    # LiteRT's classes are missing from every APK that Gradle did not build: a warning.
    # An archive with faults is made in test_odd_apks.py: Parts cannot hold one name twice.
    others = {"signature", "litert-classes", "archive"}
    assert {expected for expected, _ in BROKEN.values()} | others == checks


def test_an_apk_without_litert_is_warned_about(tmp_path: Path, exported: Exported) -> None:
    parts = good_parts(exported.folder)
    bare = {name: part for name, part in parts.items() if not name.startswith("lib/")}
    findings = {finding.check: finding for finding in check(write_apk(tmp_path / "a.apk", bare))}
    assert findings["native-alignment"].outcome == "warning"


def test_signatures_are_found_by_scheme(tmp_path: Path, exported: Exported) -> None:
    with Apk(write_apk(tmp_path / "a.apk", good_parts(exported.folder))) as apk:
        assert apk.signatures == ("v2",)


def test_a_file_that_is_no_apk_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.apk"
    path.write_bytes(b"no zip")
    with pytest.raises(UsageError, match="is no APK"):
        check(path)
