"""Results to an MQTT broker, as JSON: every frame's on one topic, changes on another."""

import importlib
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from edgevision.camera.loop.result import FrameResult
from edgevision.camera.outputs.jsonl import line_of
from edgevision.camera.outputs.sink import QueuedSink, result_only
from edgevision.errors import MissingDependencyError, UsageError

_CAPACITY = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """Where to publish."""

    host: str
    port: int
    topic: str
    username: str | None
    password: str | None
    is_encrypted: bool

    @property
    def name(self) -> str:
        """For messages; without the password."""
        return f"{self.host}:{self.port}/{self.topic}"


def parse_broker(url: str) -> Broker:
    """The broker and topic in "mqtt://user:password@host:1883/some/topic"; mqtts for TLS.

    Raises:
        UsageError: the URL is something else.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UsageError(f"{url!r} is no MQTT address: {error}") from error
    topic = unquote(parts.path.lstrip("/")) or "edgevision/camera"
    # "#" and "+" are wildcards, which cannot be published to; the URL rules make # a fragment.
    is_odd = parts.fragment or "#" in url or re.search(r"[+\0]", topic)
    if parts.scheme not in {"mqtt", "mqtts"} or not parts.hostname or is_odd:
        raise UsageError("an MQTT address is like mqtt://broker:1883/edgevision/camera")
    is_encrypted = parts.scheme == "mqtts"
    return Broker(
        host=parts.hostname,
        port=port or (8883 if is_encrypted else 1883),
        topic=topic,
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        is_encrypted=is_encrypted,
    )


def mqtt_sink(broker: Broker) -> QueuedSink[FrameResult]:
    """Publishes each result at `TOPIC/result`, and the steady labels at `TOPIC/steady`, retained.

    `TOPIC/online` says "true" while this runs and "false" when it went away, however it went. The
    client library connects again by itself; results of the time between are dropped and counted
    as failed.

    Raises:
        MissingDependencyError: paho-mqtt is not installed.
    """
    try:
        client_module = importlib.import_module("paho.mqtt.client")
    except ImportError as error:
        raise MissingDependencyError(
            "MQTT needs the package paho-mqtt", hint="pip install 'edgevision[mqtt]'"
        ) from error
    client = client_module.Client(client_module.CallbackAPIVersion.VERSION2)
    # Unacknowledged changes and no more: after an hour without network they would be old news.
    client.max_queued_messages_set(32)
    online = f"{broker.topic}/online"
    client.will_set(online, "false", qos=1, retain=True)
    client.on_connect = lambda *_: client.publish(online, "true", qos=1, retain=True)
    if broker.username is not None:
        client.username_pw_set(broker.username, broker.password)
    if broker.is_encrypted:
        client.tls_set()
    client.reconnect_delay_set(min_delay=1, max_delay=30)
    client.connect_async(broker.host, broker.port, keepalive=30)
    client.loop_start()
    publish = _Publisher(client, broker.topic)

    def finish() -> None:
        if client.is_connected():
            client.publish(online, "false", qos=1, retain=True).wait_for_publish(2)
        client.disconnect()
        client.loop_stop()

    return QueuedSink("mqtt", publish, choose=result_only, capacity=_CAPACITY, finish=finish)


class _Publisher:
    def __init__(self, client: Any, topic: str) -> None:
        self._client = client
        self._topic = topic
        self._steady: tuple[str, ...] | None = None

    def __call__(self, result: FrameResult) -> None:
        if not self._client.is_connected():
            message = "not connected to the broker"
            raise ConnectionError(message)
        self._client.publish(f"{self._topic}/result", line_of(result).rstrip())
        if result.steady != self._steady:
            self._steady = result.steady
            self._client.publish(
                f"{self._topic}/steady", ",".join(result.steady), qos=1, retain=True
            )
