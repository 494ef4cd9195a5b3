"""The Pi camera's source, on the fake and, where it is installed, on the real picamera2.

The real one runs on libcamera's virtual camera: tests/camera/virtual_camera/README.md.
"""

import importlib.util
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from edgevision.camera.checkup import check_picamera2
from edgevision.camera.sources.picamera import PicameraSource, load_picamera2, open_picamera
from edgevision.camera.sources.source import SourceSettings
from edgevision.errors import DeviceError, MissingDependencyError, UsageError
from tests.camera import fake_picamera2

HAS_REAL = importlib.util.find_spec("picamera2") is not None
REAL = pytest.param(
    "real", marks=pytest.mark.skipif(not HAS_REAL, reason="no picamera2 here (apt, on a Pi)")
)
OPTIONS = SourceSettings(width=640, height=480, fps=60, read_timeout_s=60)


@pytest.fixture(params=["fake", REAL])
def picamera(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "fake":
        install_fake(monkeypatch)
    return str(request.param)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Any:
    return install_fake(monkeypatch)


def install_fake(monkeypatch: pytest.MonkeyPatch) -> Any:
    class Fresh(fake_picamera2.Picamera2):
        has_owner = threading.Lock()

    module = type(sys)("picamera2")
    module.Picamera2 = Fresh  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "picamera2", module)
    return Fresh


@pytest.fixture
def source(picamera: str) -> Iterator[PicameraSource]:
    opened = open_picamera("0", OPTIONS)
    yield opened
    opened.close()


def test_frames_have_the_size_that_was_asked_for(source: PicameraSource) -> None:
    assert source.read(0).unpack().shape == (480, 640, 3)


def test_frames_carry_the_sensor_s_time_on_the_monotonic_clock(source: PicameraSource) -> None:
    times = [source.read(number).captured_ns for number in range(5)]
    assert times == sorted(set(times))
    assert 0 <= time.monotonic_ns() - times[-1] < 60_000_000_000


def test_buffers_are_given_back_however_many_frames_are_read(source: PicameraSource) -> None:
    for number in range(40):
        source.read(number)


def test_pictures_are_copies_that_outlive_their_buffers(source: PicameraSource) -> None:
    first = source.read(0)
    before = first.data.copy()
    for number in range(8):
        source.read(number)
    assert np.array_equal(first.data, before)


def test_frame_after_a_pause_is_young(source: PicameraSource) -> None:
    source.read(0)
    paused_ns = time.monotonic_ns()
    time.sleep(0.5)
    assert source.read(1).captured_ns - paused_ns > 250_000_000


def test_camera_without_free_buffers_times_out_and_recovers(source: PicameraSource) -> None:
    source.read(0)
    camera = source._camera
    held = [camera.wait(camera.capture_request(wait=False), timeout=60) for _ in range(4)]
    source._timeout_s = 1
    with pytest.raises(DeviceError, match="gave no picture for 1 s"):
        source.read(1)
    for request in held:
        request.release()


def test_camera_can_be_opened_again(picamera: str) -> None:
    for _ in range(3):
        opened = open_picamera("0", OPTIONS)
        opened.read(0)
        opened.close()


def test_camera_that_is_not_there_is_told(picamera: str) -> None:
    with pytest.raises(DeviceError, match="there is no camera 7"):
        open_picamera("7", OPTIONS)


def test_second_program_on_the_camera_is_told(picamera: str) -> None:
    first = open_picamera("0", OPTIONS)
    with pytest.raises(DeviceError, match="camera 0 cannot be used"):
        open_picamera("0", OPTIONS)
    first.close()


@pytest.mark.parametrize(
    ("chosen", "layout"),
    [("RGB888", "bgr"), ("XBGR8888", "rgba"), ("YUV420", "i420"), ("NV12", "nv12")],
)
def test_format_that_the_camera_chose_is_understood(fake: Any, chosen: str, layout: str) -> None:
    fake.chosen_format = chosen
    opened = open_picamera("0", SourceSettings(width=100, height=48))
    frame = opened.read(0)
    opened.close()
    assert frame.layout == layout
    assert frame.unpack().shape == (48, 100, 3)


def test_format_that_is_not_known_is_refused_and_the_camera_freed(fake: Any) -> None:
    fake.chosen_format = "SRGGB10_CSI2P"
    with pytest.raises(DeviceError, match="SRGGB10_CSI2P"):
        open_picamera("0", OPTIONS)
    fake.chosen_format = ""
    open_picamera("0", OPTIONS).close()


def test_frozen_camera_times_out(fake: Any) -> None:
    opened = open_picamera("0", SourceSettings(read_timeout_s=60))
    opened.read(0)
    opened._timeout_s = 0.2
    fake.is_frozen = True
    with pytest.raises(DeviceError, match="ribbon cable|gave no picture"):
        opened.read(1)
    opened.close()


def test_odd_sizes_are_refused_not_rounded(fake: Any) -> None:
    with pytest.raises(UsageError, match="even"):
        open_picamera("0", SourceSettings(width=641, height=480))


@pytest.mark.skipif(HAS_REAL, reason="picamera2 is here")
def test_missing_picamera2_says_how_to_get_it() -> None:
    with pytest.raises(MissingDependencyError) as caught:
        load_picamera2()
    assert "apt install python3-picamera2" in caught.value.hint
    assert "--system-site-packages" in caught.value.hint


def broken(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(_name: str) -> Any:
        raise error

    monkeypatch.setattr("edgevision.camera.sources.picamera.importlib.import_module", fail)


@pytest.mark.parametrize(
    ("error", "outside", "in_venv", "state", "detail", "fix"),
    [
        (ModuleNotFoundError(name="picamera2"), "missing", True, "missing",
         "not installed", "apt install python3-picamera2"),
        (ModuleNotFoundError(name="picamera2"), "ok", True, "missing",
         "does not see system packages", "--system-site-packages --upgrade"),
        (ModuleNotFoundError(name="picamera2"), "other Python", True, "missing",
         "for another Python", "/usr/bin/python3 -m venv"),
        (ModuleNotFoundError(name="libcamera"), "missing", True, "missing",
         "came from pip", "pip uninstall picamera2"),
        (ValueError("numpy.dtype size changed, may indicate binary incompatibility"), "", True,
         "broken", "another NumPy", "pip uninstall numpy"),
        (ImportError("libcamera.so.0.5: cannot open shared object file"), "", True,
         "broken", "libcamera.so.0.5", "full-upgrade"),
    ],
)  # fmt: skip
def test_doctor_names_the_cause_and_the_fix(  # noqa: PLR0917 - a row of the table
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    outside: str,
    in_venv: bool,
    state: str,
    detail: str,
    fix: str,
) -> None:
    broken(monkeypatch, error)
    finding = check_picamera2(system_import=lambda _module: outside, in_venv=in_venv)
    assert finding.state == state
    assert detail in finding.detail
    assert fix in finding.fix


def test_doctor_is_content_with_a_camera_that_works(fake: Any) -> None:
    finding = check_picamera2()
    assert (finding.state, finding.detail) == ("ok", "imx708")


def test_doctor_tells_a_missing_cable(fake: Any) -> None:
    fake.cameras = 0
    assert "ribbon cable" in check_picamera2().fix
