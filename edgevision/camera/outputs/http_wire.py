"""The little of HTTP/1.1 that the loop's pages need, with a limit on everything a client sends.

One request a connection, GET and HEAD only, no body: what is not parsed cannot be attacked.
"""

import asyncio
import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

MAX_HEAD_BYTES = 8192
HEAD_SECONDS = 5.0
"""For the whole head, not for each read: one byte every few seconds gets nowhere."""

REASONS = {
    200: "OK",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    431: "Request Header Fields Too Large",
    503: "Service Unavailable",
}

_REQUEST_LINE = re.compile(rb"([A-Z]{1,16}) (\S{1,2048}) HTTP/1\.[01]")


class HttpError(Exception):
    """A request that is answered with an error status."""

    def __init__(self, status: int) -> None:
        super().__init__(REASONS[status])
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a client asks for."""

    method: str
    path: str
    """Decoded, without the query."""
    host: str
    """The Host header without the port, in lower case; empty when there was none."""


async def read_request(
    reader: asyncio.StreamReader, *, head_seconds: float = HEAD_SECONDS
) -> Request | None:
    """The request on a new connection; None when the client went away without asking.

    Raises:
        HttpError: it is malformed, too long, too slow, or of another method than GET and HEAD.
    """
    try:
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), head_seconds)
    except asyncio.IncompleteReadError as error:
        if not error.partial:
            return None
        raise HttpError(400) from error
    except asyncio.LimitOverrunError as error:
        raise HttpError(431) from error
    except TimeoutError as error:
        raise HttpError(408) from error
    return parse_head(head)


def parse_head(head: bytes) -> Request:
    """The request that `head` is, up to and with the empty line.

    Raises:
        HttpError: see `read_request`.
    """
    first, *rest = head.split(b"\r\n")
    match = _REQUEST_LINE.fullmatch(first)
    if match is None:
        raise HttpError(400)
    if match[1] not in {b"GET", b"HEAD"}:
        raise HttpError(405)
    try:
        path = unquote(urlsplit(match[2].decode("ascii")).path, errors="strict")
    except (UnicodeDecodeError, ValueError) as error:
        raise HttpError(400) from error
    host = ""
    for line in rest:
        name, colon, value = line.partition(b":")
        if line and (not colon or not name.strip()):
            raise HttpError(400)
        if name.strip().lower() == b"host":
            host = value.strip().decode("latin-1").lower()
    return Request(method=match[1].decode(), path=path, host=_without_port(host))


def response(
    status: int, body: bytes, content_type: str, *, extra: str = "", with_body: bool = True
) -> bytes:
    """A whole answer; the connection is closed after it."""
    head = (
        f"HTTP/1.1 {status} {REASONS[status]}\r\n"
        f"Content-Type: {content_type}\r\n"
        f"Content-Length: {len(body)}\r\n"
        "Cache-Control: no-store\r\n"
        "X-Content-Type-Options: nosniff\r\n"
        f"{extra}Connection: close\r\n\r\n"
    )
    return head.encode("latin-1") + (body if with_body else b"")


def stream_head(content_type: str) -> bytes:
    """The beginning of an answer that goes on until the client leaves."""
    return (
        f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nCache-Control: no-store\r\n"
        "X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n"
    ).encode("latin-1")


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]
