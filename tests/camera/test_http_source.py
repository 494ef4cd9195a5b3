"""Motion JPEG over HTTP from servers of every kind, the odd ones included."""

import base64
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from edgevision.camera.sources.source import FrameSource, SourceSettings, open_source, parse_source
from edgevision.errors import DeviceError, EdgeVisionError
from tests.camera.clock_frames import clock_jpeg

JPEG = clock_jpeg(64, 48)
PART = b"--f\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%b\r\n" % (len(JPEG), JPEG)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=f\r\n\r\n"
PATIENT = SourceSettings(open_timeout_s=60, read_timeout_s=60)
HASTY = SourceSettings(open_timeout_s=1, read_timeout_s=0.5)

Talk = Callable[[socket.socket, bytes], None]


@contextmanager
def server(talk: Talk) -> Iterator[str]:
    """The URL of a server that reads a request and then does `talk(wire, request)`."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                wire, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(wire,), daemon=True).start()

    def answer(wire: socket.socket) -> None:
        with wire:
            try:
                talk(wire, wire.recv(65536))
            except OSError:
                return

    threading.Thread(target=serve, daemon=True).start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}/live?a=b"
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()


def opened(url: str, options: SourceSettings = PATIENT) -> FrameSource:
    return open_source(parse_source(url), options)


def sends(*chunks: bytes, then_waits: bool = False) -> Talk:
    """Sends these, and then closes; or waits until the other side does."""

    def talk(wire: socket.socket, _request: bytes) -> None:
        for chunk in chunks:
            wire.sendall(chunk)
        while then_waits and wire.recv(100):
            continue

    return talk


def test_pictures_arrive_and_are_not_decoded_yet() -> None:
    with server(sends(HEAD, PART * 3, then_waits=True)) as url:
        source = opened(url)
        frames = [source.read(number) for number in range(3)]
        source.close()
    assert all(frame is not None and frame.layout == "jpeg" for frame in frames)
    assert frames[0] is not None
    assert frames[0].unpack().shape == (48, 64, 3)


def test_chunked_transfer_is_understood() -> None:
    head = HEAD.replace(b"\r\n\r\n", b"\r\nTransfer-Encoding: chunked\r\n\r\n")
    chunks = [
        b"%x\r\n%b\r\n" % (len(PART[i : i + 700]), PART[i : i + 700])
        for i in range(0, len(PART), 700)
    ]
    with server(sends(head, *chunks, *chunks, then_waits=True)) as url:
        source = opened(url)
        assert all(source.read(number) is not None for number in range(2))
        source.close()


def test_password_in_the_url_is_sent() -> None:
    seen: list[bytes] = []

    def talk(wire: socket.socket, request: bytes) -> None:
        seen.append(request)
        wire.sendall(HEAD + PART)
        wire.recv(100)

    with server(talk) as url:
        opened(url.replace("http://", "http://me:p%40ss@")).close()
    assert b"GET /live?a=b HTTP/1.1" in seen[0]
    assert b"Authorization: Basic " + base64.b64encode(b"me:p@ss") in seen[0]


def test_missing_password_is_told_and_never_shown() -> None:
    reply = b"HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n"
    with server(sends(reply)) as url, pytest.raises(DeviceError) as caught:
        opened(url.replace("http://", "http://me:secret@"))
    assert "wants a password" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_redirect_is_followed_but_not_for_ever() -> None:
    with server(sends(HEAD, PART, then_waits=True)) as target:
        reply = f"HTTP/1.1 302 Found\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n".encode()
        with server(sends(reply)) as url:
            source = opened(url)
            assert source.read(0) is not None
            source.close()
    loop = b"HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n"
    with server(sends(loop)) as url, pytest.raises(DeviceError, match="more than 5 times"):
        opened(url)


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://x/y"])
def test_redirect_out_of_http_is_refused(target: str) -> None:
    reply = f"HTTP/1.1 302 Found\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n".encode()
    with server(sends(reply)) as url, pytest.raises(DeviceError, match="redirects to"):
        opened(url)


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"garbage\r\n\r\n",
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nContent-Length: 4\r\n\r\nnope",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n",
    ],
)
def test_answer_that_is_no_stream_is_an_error(reply: bytes) -> None:
    with server(sends(reply)) as url, pytest.raises(EdgeVisionError):
        opened(url)


def test_server_that_accepts_and_says_nothing_times_out() -> None:
    with server(sends(then_waits=True)) as url, pytest.raises(DeviceError, match="within 1 s"):
        opened(url, HASTY)


@pytest.mark.parametrize(
    "body",
    [b"", PART[:50], b"x" * 5000, b"\xff\xd8\xff" * 1000],
    ids=["empty", "cut", "noise", "markers"],
)
def test_stream_that_ends_or_holds_no_pictures_is_an_error(body: bytes) -> None:
    with server(sends(HEAD, body)) as url:
        source = opened(url)
        with pytest.raises(DeviceError, match="ended the stream|broke off"):
            source.read(0)
        source.close()


def test_stream_that_stalls_times_out() -> None:
    with server(sends(HEAD, PART, then_waits=True)) as url:
        source: Any = opened(url)
        assert source.read(0) is not None
        source._timeout_s = 0.5
        with pytest.raises(DeviceError, match=r"no picture for 0\.5 s"):
            source.read(1)
        source.close()


def test_trickle_of_bytes_without_a_picture_times_out_too() -> None:
    def talk(wire: socket.socket, _request: bytes) -> None:
        wire.sendall(HEAD)
        for byte in PART:
            wire.sendall(bytes([byte]))
            time.sleep(0.02)

    with server(talk) as url:
        source = opened(url, SourceSettings(open_timeout_s=60, read_timeout_s=0.5))
        # The whole picture would be there after half a minute.
        with pytest.raises(DeviceError, match="no picture"):
            source.read(0)
        source.close()


def test_refused_connection_fails_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(DeviceError, match="refused"):
        opened(f"http://127.0.0.1:{port}/")
