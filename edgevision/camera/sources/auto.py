"""The camera of this machine, when none was named."""

import logging
from collections.abc import Callable
from pathlib import Path

from edgevision.camera.sources.picamera import load_picamera2
from edgevision.camera.sources.rpicam import rpicam_program
from edgevision.camera.sources.source import SourceName
from edgevision.errors import DeviceError, MissingDependencyError

logger = logging.getLogger(__name__)


def find_camera(
    *,
    picameras: Callable[[], int] | None = None,
    has_rpicam: Callable[[], bool] = lambda: rpicam_program() is not None,
    root: Path = Path("/"),
) -> SourceName:
    """A CSI camera through picamera2, through rpicam-vid, or the first USB camera.

    Raises:
        DeviceError: there is none; says what was looked for.
    """
    reasons = []
    try:
        if (picameras or _count_picameras)() > 0:
            return SourceName(kind="picamera", address="0")
        reasons.append("picamera2 finds no camera")
    except MissingDependencyError as error:
        reasons.append(str(error))
        if has_rpicam():
            return SourceName(kind="rpicam", address="0")
    usb = usb_cameras(root)
    if usb:
        return SourceName(kind="v4l2", address=usb[0])
    reasons.append("no USB camera")
    message = f"no camera was found ({'; '.join(reasons)})"
    raise DeviceError(
        message, hint="edgevision doctor camera, or name one: --source rtsp://..., file:clip.mp4"
    )


def usb_cameras(root: Path = Path("/")) -> tuple[str, ...]:
    """Devices of USB cameras, lowest number first.

    A Pi has a dozen /dev/video nodes without any camera: decoders, encoders and parts of the
    image processor. Those of a USB camera hang on a USB device, and the first is for capture.
    """
    found = []
    for node in (root / "sys/class/video4linux").glob("video*"):
        number = node.name.removeprefix("video")
        try:
            is_usb = "/usb" in str((node / "device").resolve())
            index = int((node / "index").read_text())
        except (OSError, ValueError):
            continue
        if number.isdigit() and is_usb and index == 0:
            found.append(int(number))
    return tuple(f"/dev/video{number}" for number in sorted(found))


def _count_picameras() -> int:
    picamera2 = load_picamera2()
    try:
        return len(picamera2.Picamera2.global_camera_info())
    except Exception as error:  # libcamera's own errors, by no rule
        logger.debug("picamera2 cannot list cameras", exc_info=True)
        message = f"picamera2 cannot list cameras: {error}"
        raise MissingDependencyError(message) from error
