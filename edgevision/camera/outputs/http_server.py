"""The loop's pages, served by one thread: picture, results, health, metrics.

Nothing a client does reaches the inference thread: it drops the newest result in a slot, and
everything from there on is this server's business. Off unless asked for, and on loopback then.
"""

import asyncio
import ipaddress
import json
import logging
import re
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from edgevision.camera.loop.result import FrameResult
from edgevision.camera.loop.status import LoopStatus, status_to_dict
from edgevision.camera.outputs import http_wire as wire
from edgevision.camera.outputs.http_hub import Hub
from edgevision.camera.outputs.http_page import PAGE
from edgevision.camera.outputs.metrics_text import metrics_text
from edgevision.camera.sources.frame import Frame
from edgevision.errors import DeviceError, UsageError

logger = logging.getLogger(__name__)

_SEND_SECONDS = 10.0
"""A viewer that takes nothing for so long is disconnected."""

_KEEP_ALIVE_S = 10.0
"""Without results for so long, something is sent to find viewers that have gone."""

_KERNEL_BYTES = 1 << 17

_BOUNDARY = "edgevision-frame"
_MULTIPART = f"multipart/x-mixed-replace; boundary={_BOUNDARY}"
_CSP = "Content-Security-Policy: default-src 'self' 'unsafe-inline'; frame-ancestors 'none'\r\n"
_LOCAL_NAMES = frozenset({"", "localhost", "127.0.0.1", "[::1]"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientLimits:
    """How much strangers may take."""

    viewers: int = 4
    """Open streams of pictures, and as many of results."""
    connections: int = 64
    head_seconds: float = wire.HEAD_SECONDS
    send_seconds: float = _SEND_SECONDS


def parse_address(text: str) -> tuple[str, int]:
    """Host and port of "8080", ":8080", "127.0.0.1:8080", "[::1]:8080"; loopback by default.

    Raises:
        UsageError: it is none of these.
    """
    match = re.fullmatch(r"(?:(\[[0-9a-fA-F:.]+\]|[^:\[\]]*):)?(\d{1,5})", text)
    if match is None or int(match[2]) > 65535:
        raise UsageError(f"{text!r} is no address", hint="127.0.0.1:8080, or 0.0.0.0:8080 for all")
    return (match[1] or "127.0.0.1").strip("[]"), int(match[2])


class HttpServer:
    """A sink that serves; runs its event loop in a thread of its own."""

    name = "http"
    dropped = 0
    """Viewers get the newest picture when they are ready for it; skipping is no loss."""

    def __init__(
        self,
        host: str,
        port: int,
        status: Callable[[], LoopStatus],
        *,
        healthy_s: float,
        limits: ClientLimits | None = None,
    ) -> None:
        """Start serving.

        Args:
            host: address to listen on.
            port: 0 takes a free one, see `port`.
            status: the state of the loop, asked on this server's thread.
            healthy_s: /healthz answers 200 while the last result is no older than this.
            limits: how much clients may take.

        Raises:
            DeviceError: the address is in use or not ours.
        """
        self._status = status
        self._healthy_s = healthy_s
        self._limits = limits or ClientLimits()
        self._is_local = _is_loopback(host)
        try:
            self._socket = socket.create_server(
                (host, port),
                family=socket.AF_INET6 if ":" in host else socket.AF_INET,
                backlog=128,
            )
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise DeviceError(
                f"cannot listen on {host}:{port}: {reason}", hint="choose another --http HOST:PORT"
            ) from error
        # Pictures in the kernel's buffer are old when they are seen: it would grow to megabytes.
        # Connections inherit this.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _KERNEL_BYTES)
        self.port: int = self._socket.getsockname()[1]
        self._connections = 0
        self._loop = asyncio.new_event_loop()
        self._hub = Hub(self._loop)
        self._done = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._serve, name="http", daemon=True)
        self._thread.start()

    @property
    def viewers(self) -> int:
        """Open streams."""
        return self._hub.viewers

    def offer(self, result: FrameResult, frame: Frame, /) -> None:
        """Show this next, if anybody looks."""
        self._hub.offer(result, frame)

    def close(self, timeout: float) -> None:
        """Disconnect everybody and stop."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._done.set)
        self._thread.join(timeout)
        self._hub.close()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._accept())
        finally:
            self._loop.close()

    async def _accept(self) -> None:
        server = await asyncio.start_server(
            self._on_connection, sock=self._socket, limit=wire.MAX_HEAD_BYTES
        )
        await self._done.wait()
        server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _on_connection(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self._connections += 1
        # Sending waits until the kernel has everything, so a slow viewer holds one picture.
        writer.transport.set_write_buffer_limits(high=0)
        try:
            if self._connections > self._limits.connections:
                raise wire.HttpError(503)  # noqa: TRY301 - answered like every other refusal
            request = await wire.read_request(reader, head_seconds=self._limits.head_seconds)
            if request is not None:
                await self._answer(request, writer)
        except wire.HttpError as error:
            body = f"{error.status} {error}\n".encode()
            extra = "Allow: GET, HEAD\r\n" if error.status == 405 else ""
            with suppress(OSError):
                await self._send(
                    writer, wire.response(error.status, body, "text/plain", extra=extra)
                )
        except OSError:
            logger.debug("a client went away")
        finally:
            self._connections -= 1
            # Not close(): that would keep what a stuck viewer has not taken.
            writer.transport.abort() if writer.transport.get_write_buffer_size() else writer.close()

    async def _answer(self, request: wire.Request, writer: asyncio.StreamWriter) -> None:
        if self._is_local and request.host not in _LOCAL_NAMES:
            # A page elsewhere whose name was rebound to 127.0.0.1 must not look through us.
            raise wire.HttpError(403)
        is_get = request.method == "GET"
        if request.path in {"/stream", "/results"} and is_get:
            await self._stream(request.path, writer)
            return
        status, body, kind = self._page(request.path)
        await self._send(writer, wire.response(status, body, kind, extra=_CSP, with_body=is_get))

    def _page(self, path: str) -> tuple[int, bytes, str]:
        if path in {"/stream", "/results"}:
            return 200, b"", "text/plain"
        if path == "/":
            return 200, PAGE, "text/html; charset=utf-8"
        if path == "/metrics":
            text = metrics_text(self._status())
            return 200, text.encode(), "text/plain; version=0.0.4; charset=utf-8"
        if path == "/healthz":
            status = self._status()
            is_healthy = status.is_healthy(self._healthy_s)
            body = {"healthy": is_healthy, **status_to_dict(status)}
            return 200 if is_healthy else 503, json.dumps(body).encode(), "application/json"
        raise wire.HttpError(404)

    async def _stream(self, path: str, writer: asyncio.StreamWriter) -> None:
        is_picture = path == "/stream"
        newest = self._hub.pictures if is_picture else self._hub.results
        if newest.followers >= self._limits.viewers:
            raise wire.HttpError(503)
        with newest.following() as next_value:
            kind = _MULTIPART if is_picture else "text/event-stream"
            await self._send(writer, wire.stream_head(kind))
            while True:
                value = await next_value(_KEEP_ALIVE_S)
                await self._send(writer, _part(value) if is_picture else _event(value))

    async def _send(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        writer.write(data)
        await asyncio.wait_for(writer.drain(), self._limits.send_seconds)


def _part(picture: bytes) -> bytes:
    if not picture:
        # An empty line between parts means nothing, but shows whether the viewer is there.
        return b"\r\n"
    head = f"--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n\r\n"
    return head.encode() + picture + b"\r\n"


def _event(line: bytes) -> bytes:
    return b"data: " + line.rstrip() + b"\n\n" if line else b": still here\n\n"


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
