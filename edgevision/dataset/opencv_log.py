"""Keeping OpenCV's own report of a bad picture off the terminal: our error names the file."""

from contextlib import AbstractContextManager
from typing import Any

import cv2

from edgevision.process_wide import ProcessWide

_SILENT = 0


def quiet_opencv() -> AbstractContextManager[None]:
    """Silence OpenCV's log, whose one level is the process's, while any thread is inside."""
    return _level.changed()


def _lower() -> int:
    before = int(_log().getLogLevel())
    _log().setLogLevel(_SILENT)
    return before


def _put_back(before: int) -> None:
    _log().setLogLevel(before)


def _log() -> Any:
    # OpenCV 4.6, which 32-bit Raspberry Pi OS has, keeps these functions at the top.
    return getattr(cv2.utils, "logging", cv2)


_level = ProcessWide(_lower, _put_back)
