import threading
from typing import Any

import cv2
import pytest

from edgevision.dataset.opencv_log import quiet_opencv

LOG: Any = getattr(cv2.utils, "logging", cv2)


def test_level_comes_back_when_two_threads_overlap() -> None:
    before = LOG.getLogLevel()
    second_is_in, first_is_out = threading.Event(), threading.Event()

    def second() -> None:
        with quiet_opencv():
            second_is_in.set()
            first_is_out.wait(60)

    thread = threading.Thread(target=second)
    with quiet_opencv():
        thread.start()
        assert second_is_in.wait(60)
    assert LOG.getLogLevel() == 0
    first_is_out.set()
    thread.join(60)
    assert LOG.getLogLevel() == before != 0


def test_level_comes_back_after_an_error() -> None:
    before = LOG.getLogLevel()
    with pytest.raises(ValueError, match="bad"), quiet_opencv():
        raise ValueError("bad")
    assert LOG.getLogLevel() == before
