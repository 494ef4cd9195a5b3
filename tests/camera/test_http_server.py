import http.client
import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from edgevision.camera.loop.stats import LoopStats
from edgevision.camera.loop.status import LoopStatus
from edgevision.camera.outputs.http_server import ClientLimits, HttpServer
from edgevision.camera.sources.mjpeg import MjpegSplitter
from edgevision.errors import DeviceError
from tests.camera.conftest import make_frame, make_result, wait_until
from tests.camera.status_example import make_status


class Camera:
    """A server that is fed results at 50 a second, as by a loop."""

    def __init__(self, limits: ClientLimits) -> None:
        self.stats = LoopStats()
        self.server = HttpServer("127.0.0.1", 0, self.status, healthy_s=60, limits=limits)
        self.offered = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._feed, daemon=True)
        self._thread.start()

    def _feed(self) -> None:
        frame = make_frame(width=640, height=480)
        while not self._over.wait(0.02):
            result = make_result(self.offered)
            self.stats.add(result)
            self.server.offer(result, frame)
            self.offered += 1

    def status(self) -> LoopStatus:
        return make_status(self.stats, viewers=self.server.viewers)

    def pause(self) -> None:
        self._over.set()
        self._thread.join()

    def close(self) -> None:
        self.pause()
        self.server.close(60)

    def get(self, path: str, method: str = "GET", **headers: str) -> tuple[int, bytes, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        try:
            connection.request(method, path, headers=headers)
            response = connection.getresponse()
            return response.status, response.read(), response.headers
        finally:
            connection.close()

    def connect(self, data: bytes = b"", receive_buffer: int = 0) -> socket.socket:
        wire = socket.socket()
        if receive_buffer:
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        wire.settimeout(60)
        wire.connect(("127.0.0.1", self.server.port))
        wire.sendall(data)
        return wire


PATIENT = ClientLimits(viewers=2, connections=16, head_seconds=60, send_seconds=60)
HASTY = ClientLimits(viewers=2, connections=16, head_seconds=0.5, send_seconds=1.0)


@pytest.fixture
def camera() -> Iterator[Camera]:
    made = Camera(PATIENT)
    yield made
    made.close()


@pytest.fixture
def hasty() -> Iterator[Camera]:
    """One whose policy with strangers is short."""
    made = Camera(HASTY)
    yield made
    made.close()


def answers(camera: Camera) -> bool:
    try:
        return camera.get("/")[0] == 200
    except OSError:
        return False


def everything(wire: socket.socket) -> bytes:
    got = b""
    try:
        while chunk := wire.recv(65536):
            got += chunk
    except ConnectionResetError:
        pass
    return got


def test_page_shows_the_stream_and_loads_nothing_from_elsewhere(camera: Camera) -> None:
    status, body, headers = camera.get("/")
    assert status == 200
    assert b'src="/stream"' in body
    assert b"//" not in body.replace(b"</", b"")
    assert "default-src 'self'" in headers["Content-Security-Policy"]


def test_stream_is_motion_jpeg_with_the_newest_pictures(camera: Camera) -> None:
    with camera.connect(b"GET /stream HTTP/1.1\r\n\r\n") as wire:
        splitter, pictures = MjpegSplitter(), list[bytes]()
        while len(pictures) < 3:
            pictures += splitter.feed(wire.recv(65536))
    assert all(picture.startswith(b"\xff\xd8") for picture in pictures)


def test_results_are_server_sent_events(camera: Camera) -> None:
    with camera.connect(b"GET /results HTTP/1.1\r\n\r\n") as wire:
        got = b""
        while got.count(b"\n\n") < 4:
            got += wire.recv(65536)
    head, _, events = got.partition(b"\r\n\r\n")
    assert b"text/event-stream" in head
    lines = [json.loads(event.removeprefix(b"data: ")) for event in events.split(b"\n\n")[:3]]
    numbers = [line["frame"] for line in lines]
    assert numbers == sorted(set(numbers))


def test_health_turns_when_results_stop(camera: Camera) -> None:
    assert wait_until(lambda: camera.offered > 0)
    status, body, _ = camera.get("/healthz")
    assert (status, json.loads(body)["healthy"]) == (200, True)
    camera.pause()
    camera.server._healthy_s = 0.05
    time.sleep(0.1)
    status, body, _ = camera.get("/healthz")
    assert (status, json.loads(body)["healthy"]) == (503, False)


def test_metrics_are_valid_prometheus_text(camera: Camera) -> None:
    assert wait_until(lambda: camera.offered > 3)
    status, body, headers = camera.get("/metrics")
    assert status == 200
    assert headers["Content-Type"].startswith("text/plain; version=0.0.4")
    text = body.decode()
    sample = re.compile(r'edgevision_[a-z_0-9]+(\{([a-z]+="(\\.|[^"\\])*",?)*\})? [-+0-9.e]+')
    described = set(re.findall(r"# TYPE (\S+)", text))
    for line in text.splitlines():
        if not line.startswith("#"):
            assert sample.fullmatch(line), line
            name = re.split(r"[{ ]", line)[0]
            assert {name, re.sub("_(bucket|sum|count)$", "", name)} & described, line
    values = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert values["edgevision_camera_fps"] == "30.0"
    assert values["edgevision_skipped_fps"] == "1.5"
    assert values['edgevision_sink_dropped_total{sink="jsonl"}'] == "2"
    assert values["edgevision_device_temperature"] == "51.5"
    buckets = [int(v) for k, v in values.items() if k.startswith("edgevision_frame_age_seconds_b")]
    assert buckets == sorted(buckets)
    assert buckets[-1] == int(values["edgevision_frame_age_seconds_count"]) > 0


@pytest.mark.parametrize(
    "path",
    [
        "/../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/..%5c..%5cwindows",
        "//etc/passwd",
        "/stream/../../../etc/passwd",
        "/metrics%00.html",
        "/" + "a" * 1500,
    ],
)
def test_there_is_nothing_to_traverse(camera: Camera, path: str) -> None:
    status, body, _ = camera.get(path)
    assert status == 404
    assert b"root:" not in body


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE"])
def test_other_methods_are_refused(camera: Camera, method: str) -> None:
    status, _, headers = camera.get("/", method)
    assert status == 405
    assert headers["Allow"] == "GET, HEAD"


@pytest.mark.parametrize("path", ["/", "/metrics", "/stream", "/results"])
def test_head_has_no_body(camera: Camera, path: str) -> None:
    status, body, _ = camera.get(path, "HEAD")
    assert (status, body) == (200, b"")


def test_page_under_another_name_is_refused(camera: Camera) -> None:
    """DNS rebinding: a stranger's page whose name points at 127.0.0.1 must not see the camera."""
    assert camera.get("/", Host="evil.example")[0] == 403
    assert camera.get("/", Host=f"localhost:{camera.server.port}")[0] == 200


def test_oversized_head_is_refused(camera: Camera) -> None:
    with camera.connect(b"GET / HTTP/1.1\r\n" + b"X-Long: " + b"a" * 20_000) as wire:
        assert everything(wire).startswith((b"HTTP/1.1 431", b""))
    many = b"".join(b"X-%d: y\r\n" % number for number in range(2000))
    with camera.connect(b"GET / HTTP/1.1\r\n" + many + b"\r\n") as wire:
        everything(wire)
    assert camera.get("/")[0] == 200


def test_slow_head_is_cut_off_however_it_trickles(hasty: Camera) -> None:
    began = time.monotonic()
    with hasty.connect(b"GET / HT") as wire:
        reply = b""
        wire.settimeout(0.1)
        while time.monotonic() - began < 120:
            try:
                wire.sendall(b"T")
                reply = wire.recv(100)
                break
            except TimeoutError:
                continue
            except OSError:
                break
    assert time.monotonic() - began < 120
    assert reply.startswith((b"HTTP/1.1 408", b""))


def test_two_hundred_connections_leave_it_serving(hasty: Camera) -> None:
    wires = []
    for _ in range(200):
        wire = socket.socket()
        wire.settimeout(60)
        wire.connect(("127.0.0.1", hasty.server.port))
        wires.append(wire)
    assert wait_until(lambda: hasty.server._connections <= HASTY.connections)
    # The silent ones are sent away when their time for a request is over.
    assert wait_until(lambda: answers(hasty))
    for wire in wires:
        wire.close()
    assert wait_until(lambda: hasty.server._connections == 0)


def test_viewers_are_limited_and_places_come_free(camera: Camera) -> None:
    wires = [camera.connect(b"GET /stream HTTP/1.1\r\n\r\n") for _ in range(2)]
    assert wait_until(lambda: camera.server.viewers == 2)
    assert camera.get("/stream")[0] == 503
    wires.pop().close()
    assert wait_until(lambda: camera.server.viewers == 1)
    with camera.connect(b"GET /stream HTTP/1.1\r\n\r\n") as wire:
        assert wire.recv(100).startswith(b"HTTP/1.1 200")
    wires.pop().close()


def test_viewer_that_stops_reading_slows_nobody(camera: Camera) -> None:
    stuck = camera.connect(b"GET /stream HTTP/1.1\r\n\r\n", receive_buffer=4096)
    with camera.connect(b"GET /stream HTTP/1.1\r\n\r\n") as good:
        splitter, pictures, offered = MjpegSplitter(), 0, camera.offered
        while pictures < 30:
            pictures += len(splitter.feed(good.recv(65536)))
        assert wait_until(lambda: camera.offered >= offered + 60)
        # Stuck for all that time, and still there.
        assert camera.server.viewers == 2
    stuck.close()


def test_viewer_that_stops_reading_is_sent_away(hasty: Camera) -> None:
    with hasty.connect(b"GET /stream HTTP/1.1\r\n\r\n", receive_buffer=4096):
        assert wait_until(lambda: hasty.server.viewers == 1)
        assert wait_until(lambda: hasty.server.viewers == 0)


def test_nothing_is_drawn_while_nobody_looks(
    camera: Camera, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[int] = []

    def encode(_picture: object) -> bytes:
        drawn.append(1)
        return b"x"

    monkeypatch.setattr("edgevision.camera.outputs.http_hub.encode", encode)
    time.sleep(0.3)
    assert not drawn
    with camera.connect(b"GET /stream HTTP/1.1\r\n\r\n"):
        assert wait_until(lambda: drawn)


def test_address_in_use_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(DeviceError, match=f"cannot listen on 127.0.0.1:{port}"):
            HttpServer("127.0.0.1", port, lambda: None, healthy_s=1)  # type: ignore[arg-type,return-value]
