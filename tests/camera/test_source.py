import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevision.camera.sources.auto import find_camera, usb_cameras
from edgevision.camera.sources.source import (
    KINDS,
    SourceName,
    SourceSettings,
    open_source,
    parse_source,
)
from edgevision.errors import DeviceError, EdgeVisionError, MissingDependencyError, UsageError


@pytest.mark.parametrize(
    ("text", "kind", "address"),
    [
        ("picamera", "picamera", "0"),
        ("picamera:1", "picamera", "1"),
        ("rpicam:0", "rpicam", "0"),
        ("v4l2:/dev/video2", "v4l2", "/dev/video2"),
        ("/dev/video2", "v4l2", "/dev/video2"),
        ("0", "v4l2", "/dev/video0"),
        ("rtsp://cam/1", "rtsp", "rtsp://cam/1"),
        ("RTSPS://cam/1", "rtsp", "RTSPS://cam/1"),
        ("udp://0.0.0.0:5000", "rtsp", "udp://0.0.0.0:5000"),
        ("http://cam:81/stream", "http", "http://cam:81/stream"),
        ("https://cam/stream", "http", "https://cam/stream"),
        ("file:no/such.mp4", "file", "no/such.mp4"),
        ("images:no/such", "images", "no/such"),
        ("synthetic:640x480@30", "synthetic", "640x480@30"),
    ],
)
def test_sources_are_named_as_people_name_them(text: str, kind: str, address: str) -> None:
    assert parse_source(text) == SourceName(kind=kind, address=address)


def test_path_that_exists_needs_no_prefix(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"")
    assert parse_source(str(clip)).kind == "file"
    assert parse_source(str(tmp_path)).kind == "images"


@pytest.mark.parametrize("text", ["", "clip.mp4", "ftp://x/y", "file", "http:", "nonsense:0"])
def test_anything_else_is_refused_with_the_list(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_source(text)
    assert all(kind in caught.value.hint for kind in KINDS)


@given(st.text(max_size=40))
def test_any_text_is_a_source_or_a_usage_error(text: str) -> None:
    try:
        assert parse_source(text).kind in KINDS
    except UsageError:
        return


def test_password_is_never_shown() -> None:
    assert str(parse_source("rtsp://user:secret@cam/1")) == "rtsp://***@cam/1"


@pytest.mark.parametrize(
    "text",
    [
        "v4l2:/dev/no-such-camera",
        "file:no-such.mp4",
        "images:no-such-folder",
        "synthetic:0x0",
        "synthetic:640",
        "synthetic:99999x4",
        "synthetic:640x480@0",
        "picamera:x",
        "rpicam:x",
        "http://",
        "http://127.0.0.1:1/",
        "http://127.0.0.1:99999/",
    ],
)
def test_source_that_cannot_be_is_an_error_at_once(text: str) -> None:
    with pytest.raises(EdgeVisionError):
        open_source(parse_source(text), SourceSettings(open_timeout_s=2))


@pytest.mark.parametrize("options", [{"width": 640}, {"width": -1, "height": 1}, {"fps": -1}])
def test_impossible_wishes_are_refused(options: dict[str, int]) -> None:
    with pytest.raises(UsageError):
        SourceSettings(**options)


def no_picamera() -> int:
    message = "picamera2 cannot be imported"
    raise MissingDependencyError(message)


def add_video_node(root: Path, number: int, device: str, index: int = 0) -> None:
    target = root / "devices" / device
    target.mkdir(parents=True, exist_ok=True)
    node = root / "sys/class/video4linux" / f"video{number}"
    node.mkdir(parents=True)
    (node / "device").symlink_to(target)
    (node / "index").write_text(f"{index}\n")


def test_pi_camera_comes_first(tmp_path: Path) -> None:
    add_video_node(tmp_path, 0, "usb1/1-1")
    assert find_camera(picameras=lambda: 1, root=tmp_path).kind == "picamera"


def test_rpicam_serves_where_picamera2_does_not_load(tmp_path: Path) -> None:
    found = find_camera(picameras=no_picamera, has_rpicam=lambda: True, root=tmp_path)
    assert str(found) == "rpicam:0"


def test_usb_camera_is_told_from_the_decoders_of_a_pi(tmp_path: Path) -> None:
    add_video_node(tmp_path, 10, "platform/bcm2835-codec")
    add_video_node(tmp_path, 3, "platform/usb1/1-1", index=1)
    add_video_node(tmp_path, 2, "platform/usb1/1-1")
    assert usb_cameras(tmp_path) == ("/dev/video2",)
    found = find_camera(picameras=lambda: 0, root=tmp_path)
    assert str(found) == "v4l2:/dev/video2"


def test_no_camera_says_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(DeviceError) as caught:
        find_camera(picameras=no_picamera, has_rpicam=lambda: False, root=tmp_path)
    assert "picamera2 cannot be imported" in str(caught.value)
    assert "no USB camera" in str(caught.value)
    assert "doctor camera" in caught.value.hint


def test_this_machine_can_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.devnull)
    try:
        found = find_camera()
    except DeviceError:
        return
    assert found.kind in KINDS
