"""A window with the picture, where there is a screen and an OpenCV that can open one."""

import os
import re
import threading

import cv2

from edgevision.camera.loop.result import FrameResult
from edgevision.camera.outputs.overlay import draw
from edgevision.camera.outputs.sink import NewestSink
from edgevision.camera.sources.frame import Frame
from edgevision.errors import MissingDependencyError

_TITLE = "EdgeVision"
_PERIOD_S = 1 / 30


def window_sink(stop: threading.Event) -> NewestSink:
    """Shows results in a window; q or Escape in it sets `stop`.

    Raises:
        MissingDependencyError: this OpenCV has no windows, or there is no screen.
    """
    check_window()

    def show(result: FrameResult, frame: Frame) -> None:
        cv2.imshow(_TITLE, draw(result, frame))
        if cv2.waitKey(1) & 0xFF in {ord("q"), 27}:
            stop.set()

    return NewestSink("window", show, period_s=_PERIOD_S, finish=cv2.destroyAllWindows)


def check_window(build: str | None = None) -> None:
    """Whether a window can be opened here.

    Raises:
        MissingDependencyError: says what is missing.
    """
    gui = re.search(r"GUI:\s*(\S+)", build if build is not None else cv2.getBuildInformation())
    if gui is None or gui[1] == "NONE":
        raise MissingDependencyError(
            "this OpenCV is built without windows",
            hint="pip uninstall opencv-python-headless; pip install opencv-python (or use --http)",
        )
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        raise MissingDependencyError("there is no screen to show on", hint="use --http 8080")
