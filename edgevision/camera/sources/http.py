"""Motion JPEG over HTTP, read without FFmpeg: exact timeouts, and no decoding of dropped frames.

Anything else that HTTP carries (HLS, MPEG-TS, MP4) is left to FFmpeg.
"""

import base64
import http.client
import ssl
from urllib.parse import unquote, urljoin, urlsplit

from edgevision.camera.sources.jpeg import JpegSource
from edgevision.camera.sources.opencv import VideoSource, open_stream
from edgevision.camera.sources.source import SourceSettings, without_password
from edgevision.errors import DeviceError, UsageError

_MAX_REDIRECTS = 5
_CHUNK_BYTES = 1 << 16


def open_http(address: str, options: SourceSettings) -> JpegSource | VideoSource:
    """The stream behind an http(s) URL; `user:password@` in it is sent as basic authentication.

    Raises:
        UsageError: the URL is malformed.
        DeviceError: nobody answers, or the answer is no stream.
    """
    url = address
    for _ in range(_MAX_REDIRECTS):
        connection, response = _get(url, options)
        location = response.getheader("Location")
        if response.status in {301, 302, 303, 307, 308} and location:
            connection.close()
            url = urljoin(url, location)
            if urlsplit(url).scheme not in {"http", "https"}:
                raise DeviceError(f"{without_password(address)} redirects to {url}")
            continue
        return _stream(connection, response, url, options)
    raise DeviceError(f"{without_password(address)} redirects more than {_MAX_REDIRECTS} times")


def _get(
    url: str, options: SourceSettings
) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
    name = without_password(url)
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise UsageError(f"{name} is no URL: {error}") from error
    if not host:
        raise UsageError(f"{name} names no host", hint="http://camera.local:8080/stream")
    connection = (
        http.client.HTTPSConnection(
            host, port, timeout=options.open_timeout_s, context=ssl.create_default_context()
        )
        if parts.scheme == "https"
        else http.client.HTTPConnection(host, port, timeout=options.open_timeout_s)
    )
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {"User-Agent": "edgevision", "Accept": "multipart/x-mixed-replace, */*"}
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    try:
        connection.request("GET", path, headers=headers)
        return connection, connection.getresponse()
    except TimeoutError as error:
        connection.close()
        message = f"{name} did not answer within {options.open_timeout_s:g} s"
        raise DeviceError(message) from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        connection.close()
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise DeviceError(
            f"cannot reach {name}: {reason}", hint="check the address, and that the camera is on"
        ) from error


def _stream(
    connection: http.client.HTTPConnection,
    response: http.client.HTTPResponse,
    url: str,
    options: SourceSettings,
) -> JpegSource | VideoSource:
    kind = response.headers.get_content_type()
    is_digest = (
        response.status == 401
        and "digest" in (response.getheader("WWW-Authenticate") or "").lower()
    )
    if response.status == 200 and kind.startswith("multipart/"):
        return _multipart(connection, response, url, options)
    connection.close()
    if is_digest or (response.status == 200 and kind.startswith(("video/", "application/"))):
        return open_stream(url, options)
    if response.status == 401:
        raise DeviceError(
            f"{without_password(url)} wants a password", hint="http://user:password@host/path"
        )
    if response.status != 200:
        raise DeviceError(f"{without_password(url)} answers {response.status} {response.reason}")
    raise DeviceError(
        f"{without_password(url)} is {kind}, no video stream",
        hint="give the URL of the stream itself, not of the page around it",
    )


def _multipart(
    connection: http.client.HTTPConnection,
    response: http.client.HTTPResponse,
    url: str,
    options: SourceSettings,
) -> JpegSource:
    # http.client lets go of the socket once the body begins; the timeout is still to be set.
    wire = connection.sock or getattr(getattr(response.fp, "raw", None), "_sock", None)
    if wire is None:
        raise DeviceError(f"{without_password(url)} closed the connection")

    def receive(timeout_s: float) -> bytes:
        wire.settimeout(timeout_s)
        try:
            return response.read1(_CHUNK_BYTES)
        except (http.client.HTTPException, ValueError) as error:
            raise OSError(str(error) or type(error).__name__) from error

    def close() -> None:
        response.close()
        connection.close()

    name = without_password(url)
    return JpegSource(receive, close, name=name, read_timeout_s=options.read_timeout_s)
