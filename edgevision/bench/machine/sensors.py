"""What a board tells of its heat and clock: Linux sysfs, and `vcgencmd` on a Raspberry Pi."""

import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

Command = Callable[[Sequence[str]], str | None]
"""Runs a program and gives its standard output, or None where it is absent or fails."""

_THROTTLE_BITS = {
    0: "under-voltage",
    1: "clock capped",
    2: "throttled",
    3: "soft temperature limit",
}
"""Source: https://www.raspberrypi.com/documentation/computers/os.html#get_throttled"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The board at one moment; None for what this machine does not tell."""

    temperature_c: float | None
    clock_mhz: float | None
    """Of the fastest CPU, as fast as the hardware says it is now."""
    throttled: int | None
    """Bits 0-3 of `vcgencmd get_throttled`: what holds now, not since boot."""
    governor: str = ""
    """Of the first CPU; power management changes it on some boards."""

    @property
    def limits(self) -> tuple[str, ...]:
        """What slows the board now, in words."""
        bits = self.throttled or 0
        return tuple(words for bit, words in _THROTTLE_BITS.items() if bits >> bit & 1)

    @property
    def missing(self) -> tuple[str, ...]:
        """What this machine does not tell, in words."""
        names = {
            "temperature": self.temperature_c,
            "CPU clock": self.clock_mhz,
            "throttling (vcgencmd)": self.throttled,
        }
        silent = [name for name, value in names.items() if value is None]
        return (*silent, *(() if self.governor else ("governor",)))


def run_command(arguments: Sequence[str]) -> str | None:
    """Standard output of a program, or None when it is not there, fails, or hangs for 2 s."""
    try:
        reply = subprocess.run(arguments, capture_output=True, text=True, timeout=2, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return reply.stdout if reply.returncode == 0 else None


def read_sensors(root: Path = Path("/"), command: Command = run_command) -> Reading:
    """Temperature, clock and throttling of this machine now; `root` stands for "/" in tests."""
    return Reading(
        temperature_c=_temperature(root),
        clock_mhz=_clock(root),
        throttled=_throttled(command),
        governor=read_governor(root),
    )


def read_governor(root: Path = Path("/")) -> str:
    """Clock governor of the first CPU, or "" where the kernel has none to show."""
    return _text(root / "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")


def _temperature(root: Path) -> float | None:
    zones = sorted((root / "sys/class/thermal").glob("thermal_zone*"))
    # Phones have dozens of zones; the one of the CPU says so. A Pi has one, "cpu-thermal".
    named = [zone for zone in zones if "cpu" in _text(zone / "type")]
    values = [_text(zone / "temp") for zone in named or zones[:1]]
    degrees = [int(value) / 1000 for value in values if value.lstrip("-").isdigit()]
    return max(degrees) if degrees else None


def _clock(root: Path) -> float | None:
    files = (root / "sys/devices/system/cpu").glob("cpu[0-9]*/cpufreq/scaling_cur_freq")
    values = [_text(file) for file in files]
    kilohertz = [int(value) for value in values if value.isdigit()]
    return max(kilohertz) / 1000 if kilohertz else None


def _throttled(command: Command) -> int | None:
    reply = command(["vcgencmd", "get_throttled"])
    if reply is None or "=" not in reply:
        return None
    try:
        # "throttled=0x50005": bits 16-19 repeat bits 0-3 for "has happened since boot".
        return int(reply.partition("=")[2], 16) & 0xF
    except ValueError:
        return None


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""
