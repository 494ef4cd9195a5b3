"""A small picamera2 whose manners are those of the real one, as far as the camera source sees it.

Held to the real package by running the same tests on both (test_picamera_source.py): requests come
from a fixed number of buffers; without `queue` a finished one that nobody waits for is recycled;
a wait without frames raises TimeoutError; arrays are copies; the camera may choose another format
than was asked for and says so only in `camera_configuration`.
"""

import threading
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

BUFFERS = 4


class Job:
    def __init__(self) -> None:
        self.done = threading.Event()
        self.result: Request | None = None


class Request:
    def __init__(self, camera: "Picamera2", sequence: int) -> None:
        self._camera = camera
        self._sequence = sequence
        self._is_released = False
        self.sensor_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME)

    def make_array(self, name: str) -> NDArray[np.uint8]:
        if self._is_released:
            message = "request was released"
            raise RuntimeError(message)
        stream = self._camera.camera_configuration()[name]
        width, height = stream["size"]
        shape = {
            "RGB888": (height, width, 3),
            "XBGR8888": (height, width, 4),
            "YUV420": (height * 3 // 2, -(-width // 64) * 64),
            "NV12": (height * 3 // 2, -(-width // 64) * 64),
        }[stream["format"]]
        return np.full(shape, self._sequence % 256, np.uint8)

    def get_metadata(self) -> dict[str, Any]:
        return {"SensorTimestamp": self.sensor_ns}

    def release(self) -> None:
        if not self._is_released:
            self._is_released = True
            self._camera.give_back()


class Picamera2:
    """One camera; `chosen_format` is what "the hardware" makes of any format asked for."""

    chosen_format = ""
    cameras = 1
    is_frozen = False
    has_owner = threading.Lock()

    def __init__(self, camera_num: int = 0) -> None:
        if camera_num >= self.cameras:
            raise IndexError("list index out of range")
        if not self.has_owner.acquire(blocking=False):
            raise RuntimeError("Camera __init__ sequence did not complete.")
        self._lock = threading.Lock()
        self._jobs: list[Job] = []
        self._free = BUFFERS
        self._config: dict[str, Any] = {}
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    @classmethod
    def global_camera_info(cls) -> list[dict[str, Any]]:
        return [{"Model": "imx708", "Num": number} for number in range(cls.cameras)]

    def create_video_configuration(self, **wishes: Any) -> dict[str, Any]:
        unknown = set(wishes.get("controls", {})) - {"FrameRate"}
        if unknown:
            raise RuntimeError(f"Control {unknown.pop()} is not advertised by libcamera")
        assert wishes["queue"] is False
        return wishes

    def configure(self, config: dict[str, Any]) -> None:
        main = dict(config["main"])
        main["format"] = self.chosen_format or main["format"]
        self._config = {"main": main, "controls": config.get("controls", {})}

    def camera_configuration(self) -> dict[str, Any]:
        return self._config

    def start(self) -> None:
        self._thread = threading.Thread(target=self._expose, daemon=True)
        self._thread.start()

    def capture_request(self, wait: bool = True) -> Job:
        assert wait is False
        job = Job()
        with self._lock:
            self._jobs.append(job)
        return job

    def wait(self, job: Job, timeout: float | None = None) -> Request:
        if not job.done.wait(timeout):
            raise TimeoutError
        assert job.result is not None
        return job.result

    def give_back(self) -> None:
        with self._lock:
            self._free += 1

    def stop(self) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join()

    def close(self) -> None:
        if self.has_owner.locked():
            self.has_owner.release()

    def _expose(self) -> None:
        period = 1 / float(self._config["controls"].get("FrameRate", 30))
        sequence = 0
        while not self._over.wait(period):
            sequence += 1
            with self._lock:
                if self.is_frozen or self._free == 0 or not self._jobs:
                    continue
                self._free -= 1
                job = self._jobs.pop(0)
            job.result = Request(self, sequence)
            job.done.set()
