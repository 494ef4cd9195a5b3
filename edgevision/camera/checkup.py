"""`doctor camera`: why there is no picture, and the line that changes it."""

import os
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from edgevision.camera.board import read_board
from edgevision.camera.sources.auto import usb_cameras
from edgevision.camera.sources.picamera import INSTALL_HINT, load_picamera2
from edgevision.camera.sources.rpicam import rpicam_program
from edgevision.errors import MissingDependencyError

State = Literal["ok", "missing", "broken"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraCheck:
    """One thing that a camera needs, and how it is here."""

    subject: str
    state: State
    detail: str
    fix: str = ""
    """The line that helps; empty when nothing needs help."""


def check_camera(root: Path = Path("/")) -> tuple[CameraCheck, ...]:
    """Everything that `edgevision camera` may use on this machine."""
    return (
        check_picamera2(),
        _check_rpicam(),
        _check_usb(root),
        _check_video_group(root),
        _check_opencv(),
        _check_board(root),
    )


def check_picamera2(
    *,
    system_import: Callable[[str], str] | None = None,
    in_venv: bool | None = None,
) -> CameraCheck:
    """Whether picamera2 loads and finds a camera; if not, which of the usual causes it is."""
    subject = "picamera2"
    try:
        module = load_picamera2()
    except MissingDependencyError as error:
        detail, fix = _cause(error, system_import or _system_import, in_venv)
        cause = error.__cause__
        state: State = "missing" if isinstance(cause, ModuleNotFoundError) else "broken"
        return CameraCheck(subject=subject, state=state, detail=detail, fix=fix)
    try:
        cameras = module.Picamera2.global_camera_info()
    except Exception as error:  # noqa: BLE001 - libcamera raises by no rule
        detail = f"loads, but cannot list cameras: {error}"
        return CameraCheck(
            subject=subject, state="broken", detail=detail, fix="sudo apt full-upgrade"
        )
    if not cameras:
        return CameraCheck(
            subject=subject,
            state="missing",
            detail="works, but finds no camera",
            fix="check the ribbon cable and its direction; rpicam-hello --list-cameras",
        )
    models = ", ".join(str(camera.get("Model", "?")) for camera in cameras)
    return CameraCheck(subject=subject, state="ok", detail=models)


def _cause(
    error: MissingDependencyError, system_import: Callable[[str], str], in_venv: bool | None
) -> tuple[str, str]:
    """What keeps picamera2 from loading, and the fix. Every branch was a report of somebody's."""
    text = f"{error} {error.__cause__ or ''}"
    if "numpy.dtype size changed" in text or "_ARRAY_API" in text or "NumPy 1.x" in text:
        return (
            "picamera2's compiled parts are for another NumPy than the environment's",
            "pip uninstall numpy opencv-python-headless; apt install python3-numpy python3-opencv",
        )
    if not isinstance(error.__cause__, ModuleNotFoundError):
        return str(error), "sudo apt full-upgrade (picamera2 and libcamera must be of one age)"
    missing = error.__cause__.name or ""
    is_venv = sys.prefix != sys.base_prefix if in_venv is None else in_venv
    outside = system_import("picamera2") if is_venv else "missing"
    if missing in {"libcamera", "pykms"} and outside != "ok":
        return (
            f"picamera2 came from pip, its system part {missing} is not there",
            f"pip uninstall picamera2; {INSTALL_HINT}",
        )
    if outside == "ok":
        return (
            "picamera2 is installed, but this environment does not see system packages",
            f"{sys.base_prefix}/bin/python3 -m venv --system-site-packages --upgrade {sys.prefix}",
        )
    if outside == "other Python":
        own = f"{sys.version_info[0]}.{sys.version_info[1]}"
        return (
            f"picamera2 is installed for another Python than this one, {own}",
            "make the environment with /usr/bin/python3 -m venv --system-site-packages",
        )
    return "picamera2 is not installed", INSTALL_HINT


def _system_import(module: str) -> str:
    """Tell "ok" when the system's Python imports `module`, else why not."""
    python = Path("/usr/bin/python3")
    if not python.exists():
        return "missing"
    probe = f"import sys, {module}; print(sys.version_info[:2] == {sys.version_info[:2]})"
    try:
        reply = subprocess.run(
            [str(python), "-c", probe], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return "missing"
    if reply.returncode != 0:
        return "missing"
    return "ok" if reply.stdout.strip() == "True" else "other Python"


def _check_rpicam() -> CameraCheck:
    program = rpicam_program()
    if program is None:
        return CameraCheck(
            subject="rpicam-vid",
            state="missing",
            detail="not installed; used where picamera2 does not load",
            fix="sudo apt install rpicam-apps",
        )
    return CameraCheck(subject="rpicam-vid", state="ok", detail=program)


def _check_usb(root: Path) -> CameraCheck:
    cameras = usb_cameras(root)
    if not cameras:
        return CameraCheck(subject="USB camera", state="missing", detail="none is plugged in")
    return CameraCheck(subject="USB camera", state="ok", detail=", ".join(cameras))


def _check_video_group(root: Path) -> CameraCheck:
    nodes = sorted((root / "dev").glob("video*"))
    barred = [node.name for node in nodes if not os.access(node, os.R_OK | os.W_OK)]
    if barred:
        return CameraCheck(
            subject="rights",
            state="broken",
            detail=f"this user may not open /dev/{barred[0]}",
            fix="sudo usermod -aG video $USER, then log in again",
        )
    return CameraCheck(
        subject="rights", state="ok", detail=f"{len(nodes)} video devices, all usable"
    )


def _check_opencv() -> CameraCheck:
    fix = "pip install opencv-python-headless (the desktop build needs libraries of a desktop)"
    try:
        import cv2
    except ImportError as error:
        return CameraCheck(subject="OpenCV", state="broken", detail=str(error), fix=fix)
    folder = sysconfig.get_paths()["purelib"]
    origin = "this environment" if str(cv2.__file__).startswith(folder) else "the system"
    return CameraCheck(subject="OpenCV", state="ok", detail=f"{cv2.__version__}, from {origin}")


def _check_board(root: Path) -> CameraCheck:
    health = read_board(root)
    if health.now or health.since_boot:
        causes = ", ".join(health.now or health.since_boot)
        when = "now" if health.now else "since boot"
        return CameraCheck(
            subject="power and heat",
            state="broken",
            detail=f"the board slows itself down ({when}): {causes}",
            fix="use the board's own power supply, and a heat sink",
        )
    known = "" if health.temperature_c is None else f"{health.temperature_c:.0f} C, "
    return CameraCheck(subject="power and heat", state="ok", detail=f"{known}nothing slows it down")
