"""The Pi's camera through picamera2, which comes from apt and is never a pip dependency.

What it does with buffers was measured on the real package (docs/camera.md): `queue=False` and a
thread of its own give the full rate and the youngest frames; a request must be released at once,
for there are four; a capture without a timeout waits for ever when the sensor has stopped.
"""

import importlib
import time
from typing import Any

import numpy as np

from edgevision.camera.sources.frame import Frame, Layout
from edgevision.camera.sources.source import SourceSettings
from edgevision.errors import DeviceError, MissingDependencyError, UsageError

_FORMAT = "RGB888"
"""libcamera names formats by the 24-bit word, so RGB888 lies in memory as B, G, R."""

_LAYOUTS: dict[str, Layout] = {
    "RGB888": "bgr",
    "BGR888": "rgb",
    "XRGB8888": "bgra",
    "XBGR8888": "rgba",
    "YUV420": "i420",
    "NV12": "nv12",
}
"""What a format that the camera chose instead is to us."""

INSTALL_HINT = (
    "sudo apt install python3-picamera2, then make the environment with "
    "python3 -m venv --system-site-packages"
)


def open_picamera(address: str, options: SourceSettings) -> "PicameraSource":
    """Camera number `address`, configured and running.

    Raises:
        UsageError: `address` is no number.
        MissingDependencyError: picamera2 is missing or does not load.
        DeviceError: there is no such camera, or another program holds it.
    """
    if not address.isdigit():
        raise UsageError(f"a camera is named by its number, picamera:0, got {address!r}")
    if options.width % 2 or options.height % 2:
        # libcamera would round them to something else in silence.
        raise UsageError(f"camera sides are even, got {options.width} x {options.height}")
    picamera2 = load_picamera2()
    number = int(address)
    cameras = picamera2.Picamera2.global_camera_info()
    if number >= len(cameras):
        raise DeviceError(
            f"there is no camera {number}: libcamera finds {len(cameras)}",
            hint="check the ribbon cable, and rpicam-hello --list-cameras",
        )
    camera = None
    try:
        camera = picamera2.Picamera2(number)
        camera.configure(_configuration(camera, options))
        camera.start()
    except Exception as error:
        # picamera2 raises RuntimeError, IndexError and others, by no rule.
        if camera is not None:
            camera.close()
        raise DeviceError(
            f"camera {number} cannot be used: {error}",
            hint="another program may hold it: rpicam-hello, a second edgevision, a desktop app",
        ) from error
    return PicameraSource(camera, number, options)


def load_picamera2() -> Any:
    """The picamera2 module.

    Raises:
        MissingDependencyError: it is not installed, not visible, or does not load; the message
            says which.
    """
    try:
        return importlib.import_module("picamera2")
    except ModuleNotFoundError as error:
        raise MissingDependencyError(
            f"picamera2 cannot be imported: no module named {error.name!r}", hint=INSTALL_HINT
        ) from error
    except Exception as error:
        # NumPy 1 against 2, a libcamera of another build: any error may come out.
        raise MissingDependencyError(
            f"picamera2 does not load: {type(error).__name__}: {error}",
            hint="edgevision doctor camera tells the cause",
        ) from error


class PicameraSource:
    """A running camera; one request is held no longer than copying its picture takes."""

    is_live = True

    def __init__(self, camera: Any, number: int, options: SourceSettings) -> None:
        self._camera = camera
        self._number = number
        self._timeout_s = options.read_timeout_s
        stream = camera.camera_configuration()["main"]
        self._width, chosen = int(stream["size"][0]), str(stream["format"])
        if chosen not in _LAYOUTS:
            self.close()
            raise DeviceError(f"camera {number} gives {chosen}, which is none of {list(_LAYOUTS)}")
        self._layout: Layout = _LAYOUTS[chosen]

    def read(self, sequence: int) -> Frame:
        """The next frame, with the sensor's time; see `FrameSource.read`."""
        try:
            job = self._camera.capture_request(wait=False)
            request = self._camera.wait(job, timeout=self._timeout_s)
        except TimeoutError as error:
            message = f"camera {self._number} gave no picture for {self._timeout_s:g} s"
            raise DeviceError(message, hint="check the ribbon cable") from error
        except RuntimeError as error:
            raise DeviceError(f"camera {self._number} failed: {error}") from error
        try:
            data = np.asarray(request.make_array("main"), np.uint8)
            sensor_ns = request.get_metadata().get("SensorTimestamp")
        finally:
            request.release()
        captured_ns = _monotonic(sensor_ns) if sensor_ns else time.monotonic_ns()
        return Frame(
            sequence=sequence,
            captured_ns=captured_ns,
            data=data,
            layout=self._layout,
            width=self._width if self._layout in {"i420", "nv12"} else 0,
        )

    def close(self) -> None:
        """Stop the camera and let go of it."""
        self._camera.stop()
        self._camera.close()


def _configuration(camera: Any, options: SourceSettings) -> Any:
    size = (options.width or 640, options.height or 480)
    controls = {"FrameRate": options.fps} if options.fps else {}
    return camera.create_video_configuration(
        main={"size": size, "format": _FORMAT}, buffer_count=4, queue=False, controls=controls
    )


def _monotonic(sensor_ns: int) -> int:
    """The sensor's time, which counts while the board sleeps too, on Python's monotonic clock."""
    boottime = getattr(time, "CLOCK_BOOTTIME", None)
    if boottime is None:
        return sensor_ns
    return sensor_ns - (time.clock_gettime_ns(boottime) - time.monotonic_ns())
