"""How the board feels: its temperature, and whether the firmware is slowing it down."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

_THROTTLED_FILE = Path("sys/devices/platform/soc/soc:firmware/get_throttled")
_THERMAL_FILE = Path("sys/class/thermal/thermal_zone0/temp")

_BITS = {0: "under-voltage", 1: "frequency capped", 2: "throttled", 3: "soft temperature limit"}
"""Bits 16-19 say the same of any time since boot. Source: raspberrypi/documentation, vcgencmd."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardHealth:
    """What the board says of itself; None and empty where it says nothing (not a Pi)."""

    temperature_c: float | None
    throttled_bits: int | None
    """As `vcgencmd get_throttled` gives them."""

    @property
    def now(self) -> tuple[str, ...]:
        """What is slowing it down at this moment."""
        bits = self.throttled_bits or 0
        return tuple(name for bit, name in _BITS.items() if bits >> bit & 1)

    @property
    def since_boot(self) -> tuple[str, ...]:
        """What has slowed it down at some time since boot."""
        bits = self.throttled_bits or 0
        return tuple(name for bit, name in _BITS.items() if bits >> (bit + 16) & 1)


def read_board(root: Path = Path("/")) -> BoardHealth:
    """The health of this board now; `root` is where `/sys` is looked for."""
    return BoardHealth(
        temperature_c=_temperature(root / _THERMAL_FILE),
        throttled_bits=_throttled(root / _THROTTLED_FILE),
    )


def _temperature(path: Path) -> float | None:
    try:
        return int(path.read_text()) / 1000
    except (OSError, ValueError):
        return None


def _throttled(path: Path) -> int | None:
    try:
        return int(path.read_text(), 16)
    except (OSError, ValueError):
        return _from_vcgencmd()


def _from_vcgencmd() -> int | None:
    """Kernels without the file have the program; it says "throttled=0x50005"."""
    program = shutil.which("vcgencmd")
    if program is None:
        return None
    try:
        reply = subprocess.run(
            [program, "get_throttled"], capture_output=True, text=True, timeout=20, check=True
        )
        return int(reply.stdout.partition("=")[2], 16)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
