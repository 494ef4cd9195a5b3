"""rpicam-vid, played by a script that behaves like it."""

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from edgevision.camera.sources.rpicam import open_rpicam
from edgevision.camera.sources.source import SourceSettings
from edgevision.errors import DeviceError, MissingDependencyError, UsageError
from tests.camera.clock_frames import clock_jpeg

OPTIONS = SourceSettings(width=1280, height=720, fps=15, read_timeout_s=60)


def install(folder: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> Path:
    """A `rpicam-vid` that notes its arguments and pid, and then runs `body`."""
    (folder / "picture.jpg").write_bytes(clock_jpeg(64, 48))
    program = folder / "rpicam-vid"
    program.write_text(f'#!/bin/sh\ncd {folder}\necho "$@" > arguments\necho $$ > pid\n{body}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder


STREAM = "while true; do cat picture.jpg; sleep 0.02; done"


def test_pictures_come_through_the_pipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch, STREAM)
    source = open_rpicam("1", OPTIONS)
    shapes = [source.read(number).unpack().shape for number in range(5)]
    source.close()
    assert shapes == [(48, 64, 3)] * 5
    words = (tmp_path / "arguments").read_text()
    assert "--camera 1 " in words
    assert "--width 1280 --height 720 --framerate 15" in words
    assert "--codec mjpeg" in words


def test_closing_ends_the_program_even_a_stubborn_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch, f"trap '' TERM\n{STREAM}")
    source = open_rpicam("0", OPTIONS)
    source.read(0)
    began = time.monotonic()
    source.close()
    assert time.monotonic() - began < 60
    pid = int((tmp_path / "pid").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_program_that_ends_says_its_last_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch, "echo 'ERROR: *** no cameras available ***' >&2; exit 255")
    source = open_rpicam("0", OPTIONS)
    with pytest.raises(DeviceError, match="no cameras available"):
        source.read(0)
    source.close()


def test_program_that_says_nothing_times_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch, "exec sleep 600")
    source = open_rpicam("0", replace(OPTIONS, read_timeout_s=0.5))
    with pytest.raises(DeviceError, match="no picture for 0.5 s"):
        source.read(0)
    source.close()


def test_talkative_program_is_not_held_up_by_its_complaints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noise = "dd if=/dev/zero bs=1k count=500 2>/dev/null | tr '\\0' x >&2"
    install(tmp_path, monkeypatch, f"{noise}\n{STREAM}")
    source = open_rpicam("0", SourceSettings(read_timeout_s=60))
    assert source.read(0).unpack().shape == (48, 64, 3)
    source.close()


def test_missing_program_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingDependencyError) as caught:
        open_rpicam("0", OPTIONS)
    assert "rpicam-apps" in caught.value.hint


def test_camera_is_a_number() -> None:
    with pytest.raises(UsageError):
        open_rpicam("front; rm -rf /", OPTIONS)
