"""RTSP through FFmpeg, from a server that GStreamer runs in another process."""

import os
import signal
import statistics
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgevision.camera.sources.source import SourceSettings
from tests.camera.conftest import CameraProcess, wait_until
from tests.camera.test_live import sender_ms, watching

pytestmark = pytest.mark.slow

SYSTEM_PYTHON = Path("/usr/bin/python3")
NEEDED = (
    "import gi; gi.require_version('GstRtspServer', '1.0'); gi.require_version('Gst', '1.0'); "
    "from gi.repository import Gst, GstRtspServer; Gst.init(None); "
    "assert Gst.ElementFactory.find('x264enc')"
)
OPTIONS = SourceSettings(open_timeout_s=30, read_timeout_s=2)


def start(port: int = 0, fps: int = 30) -> CameraProcess:
    script = Path(__file__).with_name("rtsp_server.py")
    process = subprocess.Popen(
        [str(SYSTEM_PYTHON), str(script), str(port), "320", "240", str(fps)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    return CameraProcess(process, int(process.stdout.readline()))


def clear(camera: CameraProcess) -> None:
    camera.process.kill()
    camera.process.wait()
    assert camera.process.stdout is not None
    camera.process.stdout.close()


@pytest.fixture(scope="module", autouse=True)
def gstreamer() -> None:
    if not SYSTEM_PYTHON.exists():
        pytest.skip("no /usr/bin/python3")
    reply = subprocess.run(
        [str(SYSTEM_PYTHON), "-c", NEEDED], capture_output=True, timeout=60, check=False
    )
    if reply.returncode:
        pytest.skip("apt: gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-{base,good,ugly}")


@pytest.fixture
def camera() -> Iterator[CameraProcess]:
    made = start()
    yield made
    clear(made)


def url(camera: CameraProcess) -> str:
    return f"rtsp://127.0.0.1:{camera.port}/live"


def test_age_is_bounded_and_does_not_grow(camera: CameraProcess) -> None:
    with watching(url(camera), work_s=0.2, options=OPTIONS) as (_, recorder):
        assert wait_until(lambda: len(recorder.results) >= 50)
    lags = [int(str(lag)) for lag in recorder.seen[10:]]
    first, last = lags[: len(lags) // 3], lags[-len(lags) // 3 :]
    # As in test_live: working off every frame would add 4.5 s.
    assert statistics.median(last) - statistics.median(first) < 1500


def test_stream_that_freezes_is_left_and_found_again(camera: CameraProcess) -> None:
    with watching(url(camera), work_s=0.01, options=OPTIONS, see=sender_ms) as (loop, recorder):
        assert wait_until(lambda: len(recorder.results) >= 20)
        os.kill(camera.process.pid, signal.SIGSTOP)
        assert wait_until(lambda: not loop.status().is_up)
        continued_ms = time.monotonic_ns() // 1_000_000
        os.kill(camera.process.pid, signal.SIGCONT)
        assert wait_until(lambda: int(str(recorder.seen[-1])) >= continued_ms)
        assert wait_until(lambda: loop.status().stuck_threads == 0)


def test_server_that_dies_and_restarts_is_found_again(camera: CameraProcess) -> None:
    with watching(url(camera), work_s=0.01, options=OPTIONS) as (loop, recorder):
        assert wait_until(lambda: len(recorder.results) >= 20)
        camera.process.kill()
        camera.process.wait()
        assert wait_until(lambda: loop.status().reconnects >= 2)
        again = start(camera.port)
        try:
            seen = len(recorder.results)
            assert wait_until(lambda: len(recorder.results) >= seen + 20)
        finally:
            clear(again)
