"""Keeping OpenCV's own report of a bad picture off the terminal: our error names the file."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import cv2

_SILENT = 0

_lock = threading.Lock()
_inside = 0
_level = _SILENT


@contextmanager
def quiet_opencv() -> Iterator[None]:
    """Silence OpenCV's log while any thread is inside.

    There is one level for the process: the first thread that enters lowers it and the last that
    leaves puts it back. Were each to save and restore for itself, one would save what another had
    lowered, and OpenCV would be mute from then on.
    """
    _enter()
    try:
        yield
    finally:
        _leave()


def _enter() -> None:
    global _inside, _level  # noqa: PLW0603 - as global as OpenCV's level
    with _lock:
        if _inside == 0:
            _level = _log().getLogLevel()
            _log().setLogLevel(_SILENT)
        _inside += 1


def _leave() -> None:
    global _inside  # noqa: PLW0603
    with _lock:
        _inside -= 1
        if _inside == 0:
            _log().setLogLevel(_level)


def _log() -> Any:
    # OpenCV 4.6, which 32-bit Raspberry Pi OS has, keeps these functions at the top.
    return getattr(cv2.utils, "logging", cv2)
