"""Running under systemd: the notifications of sd_notify, and a unit file that fits.

Source: sd_notify(3), systemd.service(5); the protocol is one datagram per message.
"""

import os
import shlex
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path


class Notifier:
    """Tells systemd how we are; does nothing when we were not started by it."""

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        values = os.environ if environ is None else environ
        self._address = values.get("NOTIFY_SOCKET", "")
        if self._address.startswith("@"):
            # Abstract sockets are written with @ and addressed with a zero byte.
            self._address = "\0" + self._address[1:]
        own = values.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        interval_us = int(values.get("WATCHDOG_USEC", "0") or 0) if own else 0
        self.keepalive_s = interval_us / 2e6 if interval_us > 0 else None
        """How often `alive` is expected: half of WatchdogSec; None without a watchdog."""

    def ready(self, status: str) -> None:
        """Start-up is over."""
        self._send(f"READY=1\nSTATUS={status}")

    def alive(self, status: str) -> None:
        """Everything that has to move is moving."""
        self._send(f"WATCHDOG=1\nSTATUS={status}")

    def stopping(self) -> None:
        """We are going down on purpose."""
        self._send("STOPPING=1")

    def _send(self, message: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as wire:
                # A full queue at systemd's end must not hold up the loop.
                wire.setblocking(False)
                wire.sendto(message.encode(), self._address)
        except OSError:
            # systemd is being re-executed, or is gone: the next message may arrive.
            return


def unit_text(
    command: Sequence[str], *, folder: Path, user: str, model: str, watchdog_s: int = 60
) -> str:
    """A systemd unit that keeps `command` running in `folder` as `user`."""
    return f"""\
# Written by: edgevision camera --install-service
# Install:    save as /etc/systemd/system/edgevision-camera.service, then
#             sudo systemctl daemon-reload && sudo systemctl enable --now edgevision-camera
[Unit]
Description=EdgeVision camera loop ({_plain(model)})
After=network-online.target
Wants=network-online.target
StartLimitIntervalSec=0

[Service]
Type=notify
NotifyAccess=main
ExecStart={" ".join(_quoted(word) for word in command)}
WorkingDirectory={_escaped(str(folder))}
User={_plain(user)}
SupplementaryGroups=video
WatchdogSec={watchdog_s}
Restart=always
RestartSec=5
TimeoutStopSec=15
KillMode=mixed
Nice=-5
NoNewPrivileges=yes
ProtectSystem=full
PrivateTmp=yes

[Install]
WantedBy=multi-user.target
"""


def _quoted(word: str) -> str:
    """`word` as one argument in ExecStart, where % and $ have meanings of their own."""
    plain = word.replace("\\", "\\\\").replace("%", "%%").replace("$", "$$")
    if shlex.quote(word) == word:
        return plain
    return '"' + plain.replace('"', '\\"') + '"'


def _escaped(path: str) -> str:
    return path.replace("%", "%%")


def _plain(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable()).replace("%", "%%")
