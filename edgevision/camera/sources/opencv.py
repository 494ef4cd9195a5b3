"""Video files, network streams and V4L2 cameras through OpenCV's VideoCapture."""

import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from edgevision.camera.sources.frame import Frame, Layout
from edgevision.camera.sources.source import SourceSettings, without_password
from edgevision.errors import DeviceError

logger = logging.getLogger(__name__)

_STREAM_OPTIONS = "rtsp_transport;tcp|fflags;nobuffer|flags;low_delay"
"""For FFmpeg: TCP, because a lost UDP packet smears the picture until the next key frame; and no
buffering beyond what decoding needs."""

_OPTIONS_VARIABLE = "OPENCV_FFMPEG_CAPTURE_OPTIONS"


def open_file(address: str, options: SourceSettings) -> "VideoSource":
    """A video file, from its first frame; every frame waits to be read.

    Raises:
        DeviceError: it is missing, or OpenCV finds no video in it.
    """
    path = Path(address)
    if not path.is_file():
        raise DeviceError(f"there is no file {path}", hint="check the path after file:")
    if path.stat().st_size == 0:
        raise DeviceError(f"{path} is empty", hint="record or copy it again")
    settings = [cv2.CAP_PROP_N_THREADS, options.decode_threads] if options.decode_threads else []
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG, settings)
    if not capture.isOpened():
        capture.release()
        raise DeviceError(f"OpenCV finds no video in {path}", hint="try to play it with ffplay")
    return VideoSource(capture, str(path), is_live=False)


def open_stream(address: str, options: SourceSettings) -> "VideoSource":
    """A network stream that FFmpeg can read: RTSP, HLS, MPEG-TS over UDP or HTTP.

    Raises:
        DeviceError: nobody answers, or the answer is no video.
    """
    settings = [
        *(cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, round(options.open_timeout_s * 1000)),
        *(cv2.CAP_PROP_READ_TIMEOUT_MSEC, round(options.read_timeout_s * 1000)),
        # With several decoding threads FFmpeg holds back as many frames.
        *(cv2.CAP_PROP_N_THREADS, 1),
    ]
    with _stream_options():
        capture = cv2.VideoCapture(address, cv2.CAP_FFMPEG, settings)
    if not capture.isOpened():
        capture.release()
        message = f"cannot open {without_password(address)}"
        raise DeviceError(message, hint="check that the stream plays: ffplay URL")
    return VideoSource(capture, without_password(address), is_live=True)


@contextmanager
def _stream_options() -> Iterator[None]:
    """The options in the environment, where FFmpeg's captures look when they are opened.

    Gone afterwards: a file opened with them loses its first frame. A user's own stay.
    """
    if _OPTIONS_VARIABLE in os.environ:
        yield
        return
    os.environ[_OPTIONS_VARIABLE] = _STREAM_OPTIONS
    try:
        yield
    finally:
        del os.environ[_OPTIONS_VARIABLE]


def open_v4l2(address: str, options: SourceSettings) -> "VideoSource":
    """A USB camera or another V4L2 device, as Motion JPEG when it offers that.

    Raises:
        DeviceError: there is no such device, it is in use, or it gives no pictures.
    """
    device = f"/dev/video{address}" if address.isdigit() else address
    if not Path(device).exists():
        raise DeviceError(f"there is no {device}", hint="ls /dev/video*, and plug the camera in")
    if not os.access(device, os.R_OK | os.W_OK):
        raise DeviceError(f"no right to use {device}", hint="sudo usermod -aG video $USER; log in")
    capture = cv2.VideoCapture(device, cv2.CAP_V4L2)
    if not capture.isOpened():
        capture.release()
        raise DeviceError(
            f"{device} gives no pictures",
            hint=f"another program may hold it: fuser {device}; CSI cameras need picamera:0",
        )
    # Raw YUYV at 720p does not fit through USB 2 at 30 fps.
    capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
    if options.width:
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, options.width)
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, options.height)
    if options.fps:
        capture.set(cv2.CAP_PROP_FPS, options.fps)
    capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
    return VideoSource(capture, device, is_live=True)


class VideoSource:
    """An open `cv2.VideoCapture`. Once a read has failed, only opening anew helps."""

    def __init__(self, capture: Any, name: str, *, is_live: bool) -> None:
        self.is_live = is_live
        self._capture = capture
        self._name = name
        self._count = 0

    def read(self, sequence: int) -> Frame | None:
        """The next frame; see `FrameSource.read`."""
        try:
            is_read, image = self._capture.read()
        except cv2.error as error:
            message = f"{self._name}: {error.err}"
            raise DeviceError(message) from error
        arrived_ns = time.monotonic_ns()
        if is_read and image is not None and image.size:
            self._count += 1
            data = np.asarray(image, np.uint8)
            layout: Layout = "gray" if data.ndim == 2 else "bgr"
            return Frame(sequence=sequence, captured_ns=arrived_ns, data=data, layout=layout)
        if self.is_live:
            raise DeviceError(f"{self._name} stopped giving frames")
        self._check_end()
        return None

    def close(self) -> None:
        """Let go of the device or connection."""
        self._capture.release()

    def _check_end(self) -> None:
        if self._count == 0:
            raise DeviceError(f"{self._name} holds no frame that can be decoded")
        promised = self._capture.get(cv2.CAP_PROP_FRAME_COUNT)
        # Containers round the count; a file cut short lacks far more than a frame or two.
        if promised > self._count + 2:
            logger.warning(
                "%s ended after %d of %d frames: damaged or cut short",
                self._name,
                self._count,
                promised,
            )
