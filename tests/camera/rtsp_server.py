"""An RTSP camera: `/usr/bin/python3 rtsp_server.py PORT WIDTH HEIGHT FPS`, H.264 over RTP.

Runs on the system's Python, for GStreamer's bindings come from apt; so it needs nothing of ours,
and draws the clock of `clock_frames` in plain bytes.
"""

import sys
import time
from importlib import import_module
from typing import Any

gi: Any = import_module("gi")
gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
GLib: Any = import_module("gi.repository.GLib")
Gst: Any = import_module("gi.repository.Gst")
GstRtspServer: Any = import_module("gi.repository.GstRtspServer")

BITS = 32
PIPELINE = (
    "( appsrc name=source is-live=true format=time do-timestamp=true "
    "caps=video/x-raw,format=GRAY8,width={width},height={height},framerate={fps}/1 ! "
    "videoconvert ! video/x-raw,format=I420 ! "
    "x264enc tune=zerolatency speed-preset=ultrafast key-int-max={fps} bitrate=2000 ! "
    "rtph264pay name=pay0 pt=96 )"
)


def clock_bytes(width: int, height: int, now_ms: int) -> bytes:
    edges = [width * bit // BITS for bit in range(BITS + 1)]
    row = b"".join(
        (b"\xff" if now_ms >> bit & 1 else b"\x00") * (edges[bit + 1] - edges[bit])
        for bit in range(BITS)
    )
    return row * (height // 4) + b"\x60" * (width * (height - height // 4))


class Factory(GstRtspServer.RTSPMediaFactory):  # type: ignore[misc]
    def __init__(self, width: int, height: int, fps: int) -> None:
        super().__init__()
        self.size, self.fps = (width, height), fps
        self.set_launch(PIPELINE.format(width=width, height=height, fps=fps))
        self.set_shared(True)

    def do_configure(self, media: Any) -> None:
        source = media.get_element().get_child_by_name("source")
        timer = GLib.timeout_add(1000 // self.fps, self.push, source)
        media.connect("unprepared", lambda _media: GLib.source_remove(timer))

    def push(self, source: Any) -> bool:
        content = clock_bytes(*self.size, time.monotonic_ns() // 1_000_000)
        source.emit("push-buffer", Gst.Buffer.new_wrapped(content))
        return True


def main() -> None:
    port, width, height, fps = (int(word) for word in sys.argv[1:5])
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(str(port))
    factory = Factory(width, height, fps)
    server.get_mount_points().add_factory("/live", factory)
    server.attach(None)
    sys.stdout.write(f"{server.get_bound_port()}\n")
    sys.stdout.flush()
    GLib.MainLoop().run()


if __name__ == "__main__":
    main()
