"""Where frames come from: what every source can do, and how one is named on the command line."""

import importlib
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from edgevision.camera.sources.frame import Frame
from edgevision.errors import UsageError


class FrameSource(Protocol):
    """An open source. One thread reads it and closes it."""

    @property
    def is_live(self) -> bool:
        """Whether frames come at their own pace and grow old (a camera), or wait (a file)."""

    def read(self, sequence: int) -> Frame | None:
        """The next frame, numbered `sequence`; None at the end of a file.

        Raises:
            DeviceError: the source is lost, or gave nothing for `SourceSettings.read_timeout_s`.
        """

    def close(self) -> None:
        """Let go of the device, file or connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSettings:
    """What is asked of a source; 0 leaves the choice to it."""

    width: int = 0
    height: int = 0
    fps: float = 0.0
    open_timeout_s: float = 10.0
    read_timeout_s: float = 3.0
    """Shorter than the watchdog's limit, so that a source which can time out does so itself."""
    decode_threads: int = 0
    """For a video file: more would take processors from the model."""

    def __post_init__(self) -> None:
        if self.width < 0 or self.height < 0 or (self.width == 0) != (self.height == 0):
            message = f"the size must be two positive numbers, got {self.width} x {self.height}"
            raise UsageError(message)
        if not (math.isfinite(self.fps) and self.fps >= 0):
            raise UsageError(f"fps must be positive, got {self.fps}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceName:
    """A source as the user named it: its kind and its address."""

    kind: str
    """A key of `KINDS`."""
    address: str
    """What follows: a device, a path, a whole URL, "640x480@30"."""

    def __str__(self) -> str:
        if self.kind in _URL_KINDS:
            return without_password(self.address)
        return f"{self.kind}:{self.address}"


KINDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "picamera": ("picamera:0", "edgevision.camera.sources.picamera:open_picamera"),
        "rpicam": ("rpicam:0", "edgevision.camera.sources.rpicam:open_rpicam"),
        "v4l2": ("v4l2:/dev/video0", "edgevision.camera.sources.opencv:open_v4l2"),
        "rtsp": ("rtsp://host/path", "edgevision.camera.sources.opencv:open_stream"),
        "http": ("http://host/path", "edgevision.camera.sources.http:open_http"),
        "file": ("file:clip.mp4", "edgevision.camera.sources.opencv:open_file"),
        "images": ("images:folder", "edgevision.camera.sources.image_folder:open_images"),
        "synthetic": ("synthetic:640x480@30", "edgevision.camera.sources.synthetic:open_synthetic"),
    }
)
"""Kind -> (an example, the function that opens it). Loaded when used: each drags in its library."""

_URL_KINDS = {"rtsp", "http"}
_URL_SCHEMES = {"rtsp": "rtsp", "rtsps": "rtsp", "udp": "rtsp", "http": "http", "https": "http"}
LIVE_KINDS = frozenset({"picamera", "rpicam", "v4l2", "rtsp", "http", "synthetic"})


def parse_source(text: str) -> SourceName:
    """The source that `text` names: `kind:address`, a URL, a device, or an existing path.

    Raises:
        UsageError: it is none of these.
    """
    scheme, has_slashes, _ = text.partition("://")
    if has_slashes and scheme.lower() in _URL_SCHEMES:
        return SourceName(kind=_URL_SCHEMES[scheme.lower()], address=text)
    kind, has_colon, address = text.partition(":")
    if kind in KINDS and kind not in _URL_KINDS and (has_colon or kind in {"picamera", "rpicam"}):
        return SourceName(kind=kind, address=address or "0")
    if text.isdigit():
        return SourceName(kind="v4l2", address=f"/dev/video{text}")
    if text.startswith("/dev/"):
        return SourceName(kind="v4l2", address=text)
    if text and Path(text).is_dir():
        return SourceName(kind="images", address=text)
    if text and Path(text).is_file():
        return SourceName(kind="file", address=text)
    message = f"{text!r} is no source and no file here"
    raise UsageError(
        message, hint=f"use one of {', '.join(example for example, _ in KINDS.values())}"
    )


def open_source(name: SourceName, options: SourceSettings) -> FrameSource:
    """Open the source, ready to read.

    Raises:
        DeviceError: it is not there, refuses, or gives no first sign of life in time.
        MissingDependencyError: the package it needs is missing.
        UsageError: the address cannot be understood.
    """
    module, _, function = KINDS[name.kind][1].partition(":")
    opener: Callable[[str, SourceSettings], FrameSource] = getattr(
        importlib.import_module(module), function
    )
    return opener(name.address, options)


def without_password(url: str) -> str:
    """The URL with `user:password@` masked, for logs and errors."""
    return re.sub(r"(://)[^/@]*@", r"\1***@", url)
