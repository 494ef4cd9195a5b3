"""`android check` on files that nobody built on purpose: an error that says what is wrong, no
traceback, and no more memory than the file is worth."""

import os
import struct
import tracemalloc
import warnings
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgevision.android.check.apk import Apk
from edgevision.android.check.check_app import check
from edgevision.android.check.manifest import read_binary
from edgevision.android.export import Exported
from edgevision.cli import run
from edgevision.errors import UsageError
from tests.android import binary_xml
from tests.android.apk_builder import good_parts, manifest, write_apk

MODEL = "assets/model/model.tflite"


@pytest.fixture
def good(tmp_path: Path, exported: Exported) -> Path:
    return write_apk(tmp_path / "good.apk", good_parts(exported.folder))


def failed(path: Path) -> dict[str, str]:
    return {found.check: found.detail for found in check(path) if found.outcome == "failed"}


def small_apk(folder: Path) -> bytes:
    """An APK without model, small enough to damage each of its bytes."""
    with zipfile.ZipFile(folder / "small.apk", "w") as archive:
        archive.writestr("AndroidManifest.xml", binary_xml.write(manifest()))
        info = zipfile.ZipInfo("assets/model/model.json")
        info.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr(info, b'{"file": {}}' * 20)
        archive.writestr("lib/arm64-v8a/x.so", b"\x7fELF\x02" + bytes(80))
    return (folder / "small.apk").read_bytes()


@pytest.mark.parametrize("share", [0.0, 0.3, 0.999])
def test_a_truncated_apk_is_refused(tmp_path: Path, good: Path, share: float) -> None:
    content = good.read_bytes()
    short = tmp_path / "short.apk"
    short.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(UsageError, match="is no APK") as caught:
        check(short)
    assert caught.value.hint


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=4))
def test_no_damage_is_a_crash(tmp_path: Path, changes: list[tuple[float, int]]) -> None:
    content = bytearray(small_apk(tmp_path))
    for place, value in changes:
        content[int(place * len(content))] = value
    damaged = tmp_path / "damaged.apk"
    damaged.write_bytes(content)
    # Findings or one error; anything else fails the test.
    with suppress(UsageError):
        check(damaged)


def test_an_entry_outside_of_the_file_is_said(tmp_path: Path, good: Path) -> None:
    content = bytearray(good.read_bytes())
    (directory,) = struct.unpack_from("<I", content, content.rindex(b"PK\x05\x06") + 16)
    struct.pack_into("<I", content, directory + 42, 0x7FFFFFFF)
    path = tmp_path / "outside.apk"
    path.write_bytes(content)
    assert "lies outside" in failed(path)["archive"]


def test_a_name_that_is_there_twice_fails(tmp_path: Path, good: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile warns; that it writes them is what we need
        with zipfile.ZipFile(good, "a") as archive:
            archive.writestr("classes.dex", b"another")
    assert "classes.dex is in it twice" in failed(good)["archive"]


def test_a_corrupt_entry_is_said(tmp_path: Path) -> None:
    content = bytearray(small_apk(tmp_path))
    place = content.index(b"model.json") + len("model.json")
    content[place : place + 6] = b"\xff" * 6
    path = tmp_path / "corrupt.apk"
    path.write_bytes(content)
    assert "is damaged" in failed(path)["model-digest"]


def test_a_packing_that_android_cannot_read_is_said(tmp_path: Path) -> None:
    path = tmp_path / "bz2.apk"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("AndroidManifest.xml", binary_xml.write(manifest()))
    assert "packed by method 12" in failed(path)["archive"]


def test_a_bomb_is_not_inflated(tmp_path: Path) -> None:
    path = tmp_path / "bomb.apk"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("AndroidManifest.xml", "w", force_zip64=True) as entry,
    ):
        for _ in range(300):
            entry.write(bytes(1 << 20))
    assert path.stat().st_size < 4 << 20
    tracemalloc.start()
    try:
        details = failed(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert "claims 314572800 bytes" in details["permissions"]
    assert peak < 32 << 20


def test_a_large_file_that_is_no_apk_is_not_read_into_memory(tmp_path: Path) -> None:
    path = tmp_path / "disk.img"
    with path.open("wb") as file:
        file.truncate(1 << 30)  # sparse
    tracemalloc.start()
    try:
        with pytest.raises(UsageError, match="is no APK"):
            Apk(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 32 << 20


def test_what_is_no_file_and_no_project_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "empty").mkdir()
    for name, declared in (
        ("pipe", "is no file"),
        ("missing.apk", "not found"),
        ("empty", "is no Android project"),
    ):
        assert run(["android", "check", str(tmp_path / name)]) == UsageError.exit_code
        assert declared in " ".join(capsys.readouterr().err.split())


def test_a_manifest_that_repeats_one_long_string_is_refused(tmp_path: Path) -> None:
    count = 20_000
    long = struct.pack("<H", 30_000) + b"aa" * 30_000
    offsets = struct.pack(f"<{count}I", *([0] * count))
    texts = 28 + len(offsets)
    header = struct.pack("<HHIIIIII", 1, 28, texts + len(long), count, 0, 0, texts, 0)
    pool = header + offsets + long
    data = struct.pack("<HHI", 3, 8, 8 + len(pool)) + pool
    with pytest.raises(UsageError, match="damaged"):
        read_binary(data)
