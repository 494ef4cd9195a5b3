import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from edgevision.camera.outputs.systemd import Notifier, unit_text


@pytest.fixture
def mailbox(tmp_path: Path) -> socket.socket:
    wire = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    wire.bind(str(tmp_path / "notify"))
    wire.settimeout(60)
    return wire


def test_systemd_hears_ready_alive_and_stopping(mailbox: socket.socket) -> None:
    notifier = Notifier({"NOTIFY_SOCKET": mailbox.getsockname(), "WATCHDOG_USEC": "60000000"})
    with mailbox:
        notifier.ready("watching")
        notifier.alive("30 results/s")
        notifier.stopping()
        heard = [mailbox.recv(1000).decode() for _ in range(3)]
    assert heard == ["READY=1\nSTATUS=watching", "WATCHDOG=1\nSTATUS=30 results/s", "STOPPING=1"]
    assert notifier.keepalive_s == 30


def test_abstract_sockets_are_understood() -> None:
    name = f"edgevision-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as wire:
        wire.bind("\0" + name)
        wire.settimeout(60)
        Notifier({"NOTIFY_SOCKET": "@" + name}).stopping()
        assert wire.recv(100) == b"STOPPING=1"


def test_nothing_happens_without_systemd() -> None:
    notifier = Notifier({})
    notifier.ready("x")
    assert notifier.keepalive_s is None


def test_watchdog_of_another_process_is_not_ours() -> None:
    assert Notifier({"WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "1"}).keepalive_s is None


def test_deaf_systemd_does_not_hold_us_up(mailbox: socket.socket) -> None:
    with mailbox:
        notifier = Notifier({"NOTIFY_SOCKET": mailbox.getsockname()})
        for _ in range(5000):
            notifier.alive("x")
    notifier.alive("and gone")


def test_unit_quotes_what_systemd_would_read_otherwise() -> None:
    text = unit_text(
        ["/opt/my venv/bin/python", "-m", "edgevision", "camera", 'a"b', "100%", "$HOME"],
        folder=Path("/srv/100%"),
        user="pi",
        model="m.tflite",
    )
    assert 'ExecStart="/opt/my venv/bin/python" -m edgevision camera "a\\"b" 100%% "$$HOME"' in text
    assert "WorkingDirectory=/srv/100%%" in text
    for line in ("Type=notify", "WatchdogSec=60", "Restart=always", "WantedBy=multi-user.target"):
        assert line in text.splitlines()


def test_label_of_the_unit_cannot_add_lines() -> None:
    text = unit_text(["/x"], folder=Path("/"), user="pi", model="m\nExecStartPre=/bin/evil")
    assert not any(line.startswith("ExecStartPre") for line in text.splitlines())


def test_systemd_itself_accepts_the_unit(tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("no systemd-analyze on this machine")
    unit = tmp_path / "edgevision-camera.service"
    unit.write_text(unit_text(["/bin/true"], folder=Path("/tmp"), user="root", model="m"))  # noqa: S108
    reply = subprocess.run(
        [program, "verify", str(unit)], capture_output=True, text=True, timeout=60, check=False
    )
    complaints = [line for line in reply.stderr.splitlines() if "edgevision-camera" in line]
    assert complaints == []
