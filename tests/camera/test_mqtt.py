"""MQTT against a broker of fifty lines: what is published, and that nobody waits for it."""

import json
import socket
import struct
import threading
from collections.abc import Iterator

import pytest

from edgevision.camera.outputs.mqtt import Broker, mqtt_sink, parse_broker
from edgevision.errors import MissingDependencyError, UsageError
from tests.camera.conftest import make_frame, make_result, wait_until


def test_address_is_taken_apart() -> None:
    broker = parse_broker("mqtts://me:p%40ss@broker.local/home/door")
    assert (broker.host, broker.port, broker.topic) == ("broker.local", 8883, "home/door")
    assert (broker.username, broker.password, broker.is_encrypted) == ("me", "p@ss", True)
    assert "p@ss" not in broker.name


@pytest.mark.parametrize("url", ["mqtt://", "http://h/t", "mqtt://h/a/#", "mqtt://h:x/t"])
def test_wrong_address_is_refused(url: str) -> None:
    with pytest.raises(UsageError):
        parse_broker(url)


def test_missing_client_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "paho.mqtt.client", None)
    with pytest.raises(MissingDependencyError) as caught:
        mqtt_sink(parse_broker("mqtt://localhost/t"))
    assert "edgevision[mqtt]" in caught.value.hint


class FakeBroker:
    """Accepts one client after another and remembers what they publish (QoS 0 and 1)."""

    def __init__(self) -> None:
        self.published: list[tuple[str, bytes, bool]] = []
        self.will: bytes = b""
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(60)

    def _serve(self) -> None:
        while True:
            try:
                wire, _ = self._listening.accept()
            except OSError:
                return
            with wire, wire.makefile("rb") as stream:
                while head := stream.read(1):
                    length, shift = 0, 0
                    while True:
                        digit = stream.read(1)[0]
                        length |= (digit & 127) << shift
                        shift += 7
                        if digit < 128:
                            break
                    self._answer(wire, head[0], stream.read(length))

    def _answer(self, wire: socket.socket, head: int, body: bytes) -> None:
        match head >> 4:
            case 1:
                self.will = body
                wire.sendall(b"\x20\x02\x00\x00")
            case 3:
                (size,) = struct.unpack(">H", body[:2])
                topic, rest = body[2 : 2 + size].decode(), body[2 + size :]
                if head & 6:
                    wire.sendall(b"\x40\x02" + rest[:2])
                    rest = rest[2:]
                self.published.append((topic, rest, bool(head & 1)))
            case 12:
                wire.sendall(b"\xd0\x00")


@pytest.fixture
def broker() -> Iterator[FakeBroker]:
    pytest.importorskip("paho.mqtt.client", reason="no paho-mqtt: pip install 'edgevision[mqtt]'")
    made = FakeBroker()
    yield made
    made.close()


def address(broker: FakeBroker) -> Broker:
    return parse_broker(f"mqtt://127.0.0.1:{broker.port}/cam")


def topics(broker: FakeBroker, topic: str) -> list[bytes]:
    return [content for name, content, _ in broker.published if name == f"cam/{topic}"]


def test_results_changes_and_presence_are_published(broker: FakeBroker) -> None:
    sink = mqtt_sink(address(broker))
    assert wait_until(lambda: topics(broker, "online") == [b"true"])
    for number, steady in enumerate([(), ("cat",), ("cat",), ()]):
        sink.offer(make_result(number, steady=steady), make_frame())
    assert wait_until(lambda: len(topics(broker, "result")) == 4)
    assert wait_until(lambda: topics(broker, "steady") == [b"", b"cat", b""])
    assert [json.loads(each)["frame"] for each in topics(broker, "result")] == [0, 1, 2, 3]
    sink.close(60)
    assert wait_until(lambda: topics(broker, "online") == [b"true", b"false"])
    assert b"cam/online" in broker.will
    assert all(retained for name, _, retained in broker.published if not name.endswith("result"))


def test_broker_that_is_away_costs_nothing_but_the_results() -> None:
    pytest.importorskip("paho.mqtt.client", reason="no paho-mqtt: pip install 'edgevision[mqtt]'")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    sink = mqtt_sink(parse_broker(f"mqtt://127.0.0.1:{port}/cam"))
    for number in range(50):
        sink.offer(make_result(number), make_frame())
    assert wait_until(lambda: sink.failed == 50)
    sink.close(3)
