"""Where to measure, as the user names it: `local`, `ssh://pi@host:22/usr/bin/python3`, `adb:ID`."""

import re
from dataclasses import dataclass

from edgevision.errors import UsageError

_SSH = re.compile(
    r"ssh://(?:(?P<user>[\w.][\w.-]*)@)?(?P<host>[A-Za-z0-9_][\w.-]*|\[[0-9A-Fa-f:.%\w]+\])"
    r"(?::(?P<port>\d{1,5}))?(?P<python>/.+)?"
)
"""Neither user nor host may begin with a dash, which ssh would read as an option."""
_ADB = re.compile(r"adb(?::(?P<serial>[A-Za-z0-9][\w.:-]*))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Local:
    """This machine."""

    def __str__(self) -> str:
        return "local"


@dataclass(frozen=True, slots=True, kw_only=True)
class SshTarget:
    """A Linux machine reached by the system's `ssh` with the user's own keys and settings."""

    user: str = ""
    host: str
    port: int | None = None
    python: str = ""
    """Interpreter there; empty for the provisioned one, or else python3."""

    def __str__(self) -> str:
        port = f":{self.port}" if self.port else ""
        return f"ssh://{self.login}{port}{self.python}"

    @property
    def login(self) -> str:
        """As ssh takes it: "pi@host", an IPv6 address without its brackets."""
        host = self.host.strip("[]")
        return f"{self.user}@{host}" if self.user else host


@dataclass(frozen=True, slots=True, kw_only=True)
class AdbTarget:
    """An Android device reached by `adb`."""

    serial: str = ""
    """Empty for the only one connected."""

    def __str__(self) -> str:
        return f"adb:{self.serial}" if self.serial else "adb"


Target = Local | SshTarget | AdbTarget


def parse_target(text: str) -> Target:
    """The target that `text` names.

    Raises:
        UsageError: it names none.
    """
    if text == "local":
        return Local()
    if found := _SSH.fullmatch(text):
        port = int(found["port"]) if found["port"] else None
        if port is None or 0 < port < 65536:
            return SshTarget(
                user=found["user"] or "",
                host=found["host"],
                port=port,
                python=found["python"] or "",
            )
    if found := _ADB.fullmatch(text):
        return AdbTarget(serial=found["serial"] or "")
    message = f"{text!r} is no place to measure"
    raise UsageError(message, hint="local, ssh://user@host[:port][/path/to/python], or adb:SERIAL")
