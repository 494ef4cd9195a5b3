"""The Pi's camera through the `rpicam-vid` program, where picamera2 is missing or broken."""

import os
import select
import shutil
import subprocess
import tempfile
from typing import IO

from edgevision.camera.sources.jpeg import JpegSource
from edgevision.camera.sources.source import SourceSettings
from edgevision.errors import DeviceError, MissingDependencyError, UsageError

_PROGRAMS = ("rpicam-vid", "libcamera-vid")
"""Its name since bookworm, and before."""

_CHUNK_BYTES = 1 << 16


def rpicam_program() -> str | None:
    """Path of the program on this machine, None when it is not installed."""
    return next((path for name in _PROGRAMS if (path := shutil.which(name))), None)


def open_rpicam(address: str, options: SourceSettings) -> JpegSource:
    """Motion JPEG from camera number `address`, written by `rpicam-vid` into a pipe.

    Raises:
        UsageError: `address` is no number.
        MissingDependencyError: the program is not installed.
        DeviceError: the program cannot be started.
    """
    if not address.isdigit():
        raise UsageError(f"a camera is named by its number, rpicam:0, got {address!r}")
    program = rpicam_program()
    if program is None:
        raise MissingDependencyError(
            "rpicam-vid is not installed", hint="sudo apt install rpicam-apps"
        )
    command = [
        *(program, "--camera", address, "--timeout", "0", "--nopreview", "--flush"),
        *("--codec", "mjpeg", "--output", "-"),
        *("--width", str(options.width or 640), "--height", str(options.height or 480)),
        *("--framerate", f"{options.fps or 30:g}"),
    ]
    # Its complaints go to a file: a pipe that nobody reads would stop it when full.
    complaints = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the source
    try:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=complaints
        )
    except OSError as error:
        complaints.close()
        raise DeviceError(f"cannot start {program}: {error.strerror}") from error
    pipe = process.stdout
    assert pipe is not None  # noqa: S101 - we asked for it

    def receive(timeout_s: float) -> bytes:
        ready, _, _ = select.select([pipe], [], [], timeout_s)
        if not ready:
            raise TimeoutError
        chunk = os.read(pipe.fileno(), _CHUNK_BYTES)
        if not chunk:
            raise OSError(_last_line(complaints))
        return chunk

    def close() -> None:
        process.terminate()
        try:
            process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        pipe.close()
        complaints.close()

    return JpegSource(
        receive, close, name=f"rpicam:{address}", read_timeout_s=options.read_timeout_s
    )


def _last_line(complaints: IO[bytes]) -> str:
    complaints.seek(0)
    lines = complaints.read().decode(errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "rpicam-vid ended")
