import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevision.camera.outputs.http_server import parse_address
from edgevision.camera.outputs.http_wire import HttpError, parse_head
from edgevision.errors import UsageError


def status_of(head: bytes) -> int:
    try:
        parse_head(head)
    except HttpError as error:
        return error.status
    return 200


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", 200),
        (b"GET / HTTP/1.0\r\n\r\n", 200),
        (b"POST / HTTP/1.1\r\n\r\n", 405),
        (b"DELETE /metrics HTTP/1.1\r\n\r\n", 405),
        (b"GET /\r\n\r\n", 400),
        (b"GET / HTTP/2\r\n\r\n", 400),
        (b"get / HTTP/1.1\r\n\r\n", 400),
        (b"GET  / HTTP/1.1\r\n\r\n", 400),
        (b"GET /\xff HTTP/1.1\r\n\r\n", 400),
        (b"GET /%ff HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"GET http://[x HTTP/1.1\r\n\r\n", 400),
        (b"\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00 TLS\r\n\r\n", 400),
    ],
)
def test_requests_are_understood_or_refused(head: bytes, status: int) -> None:
    assert status_of(head) == status


def test_path_is_decoded_and_stripped_of_its_query() -> None:
    assert parse_head(b"GET /a%20b?c=d HTTP/1.1\r\n\r\n").path == "/a b"


@pytest.mark.parametrize(
    ("host", "name"),
    [(b"LocalHost:8080", "localhost"), (b"[::1]:80", "[::1]"), (b"127.0.0.1", "127.0.0.1")],
)
def test_host_is_kept_without_its_port(host: bytes, name: str) -> None:
    assert parse_head(b"GET / HTTP/1.1\r\nHost: " + host + b"\r\n\r\n").host == name


@given(st.binary(max_size=300))
def test_any_bytes_are_a_request_or_an_error(head: bytes) -> None:
    assert status_of(head + b"\r\n\r\n") in {200, 400, 405}


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("8080", ("127.0.0.1", 8080)),
        (":8080", ("127.0.0.1", 8080)),
        ("0.0.0.0:80", ("0.0.0.0", 80)),  # noqa: S104 - asked for by name
        ("[::1]:8080", ("::1", 8080)),
        ("pi.local:1", ("pi.local", 1)),
    ],
)
def test_addresses_are_loopback_unless_said_otherwise(text: str, address: tuple[str, int]) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize("text", ["", "localhost", "1:2:3", "::1:8080", "host:99999", "-1"])
def test_bad_addresses_are_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_address(text)
