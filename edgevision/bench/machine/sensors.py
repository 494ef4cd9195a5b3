"""Heat and clock of a board: Linux sysfs, and `vcgencmd` on a Raspberry Pi."""

import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

Command = Callable[[Sequence[str]], str]
"""Runs a program and gives its standard output.

Raises:
    SensorError: it is absent, fails, or hangs.
"""

_THROTTLE_BITS = {
    0: "under-voltage",
    1: "clock capped",
    2: "throttled",
    3: "soft temperature limit",
}
"""Source: https://www.raspberrypi.com/documentation/computers/os.html#get_throttled"""
_COMMAND_SECONDS = 2
_THERMAL = Path("sys/class/thermal")
_CPUS = Path("sys/devices/system/cpu")
_GOVERNOR = _CPUS / "cpu0/cpufreq/scaling_governor"

T = TypeVar("T")


class SensorError(Exception):
    """Why one sensor gives nothing, without a full stop."""


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


def run_command(arguments: Sequence[str]) -> str:
    """Standard output of a program.

    Raises:
        SensorError: it is not there, fails, or hangs for 2 s.
    """
    program = arguments[0]
    try:
        reply = subprocess.run(
            arguments,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_COMMAND_SECONDS,
            check=False,
        )
    except OSError as error:
        message = f"cannot run {program}: {error.strerror or error}"
        raise SensorError(message) from error
    except subprocess.TimeoutExpired as error:
        message = f"{program} did not answer for {_COMMAND_SECONDS} s"
        raise SensorError(message) from error
    if reply.returncode:
        message = f"{program} ended with {reply.returncode}: {reply.stderr.strip()[:100]}"
        raise SensorError(message)
    return reply.stdout


def read_sensors(
    root: Path = Path("/"), command: Command = run_command
) -> tuple[Reading, tuple[str, ...]]:
    """Temperature, clock and throttling now, and why what is missing is: "temperature (no ...)".

    `root` stands for "/" in tests.
    """
    missing: list[str] = []
    reading = Reading(
        temperature_c=_reading_of("temperature", lambda: _temperature(root), missing),
        clock_mhz=_reading_of("CPU clock", lambda: _clock(root), missing),
        throttled=_reading_of("throttling", lambda: _throttled(command), missing),
        governor=_reading_of("governor", lambda: read_governor(root), missing) or "",
    )
    return reading, tuple(missing)


def read_governor(root: Path = Path("/")) -> str:
    """Clock governor of the first CPU.

    Raises:
        SensorError: the kernel has none to show, as in most virtual machines.
    """
    return _text(root / _GOVERNOR)


def _reading_of(name: str, read: Callable[[], T], missing: list[str]) -> T | None:
    try:
        return read()
    except SensorError as error:
        missing.append(f"{name} ({error})")
        return None


def _temperature(root: Path) -> float:
    zones = sorted((root / _THERMAL).glob("thermal_zone*"))
    if not zones:
        message = f"no thermal_zone in /{_THERMAL}"
        raise SensorError(message)
    # Phones have dozens of zones; the one of the CPU says so. A Pi has one, "cpu-thermal".
    named = [zone for zone in zones if (zone / "type").exists() and "cpu" in _text(zone / "type")]
    return _largest([zone / "temp" for zone in named or zones[:1]]) / 1000


def _clock(root: Path) -> float:
    files = sorted((root / _CPUS).glob("cpu[0-9]*/cpufreq/scaling_cur_freq"))
    if not files:
        message = f"no cpufreq in /{_CPUS}"
        raise SensorError(message)
    return _largest(files) / 1000


def _throttled(command: Command) -> int:
    reply = command(["vcgencmd", "get_throttled"])
    try:
        # "throttled=0x50005": bits 16-19 repeat bits 0-3 for "has happened since boot".
        return int(reply.partition("=")[2], 16) & 0xF
    except ValueError as error:
        message = f"vcgencmd answered {reply.strip()[:60]!r}"
        raise SensorError(message) from error


def _largest(paths: Sequence[Path]) -> int:
    """The largest number in the files that can be read: a core that is off gives none."""
    numbers, reason = [], None
    for path in paths:
        try:
            numbers.append(_number(path))
        except SensorError as error:
            reason = error
    if reason is not None and not numbers:
        raise reason
    return max(numbers)


def _number(path: Path) -> int:
    text = _text(path)
    try:
        return int(text)
    except ValueError as error:
        message = f"{path} holds {text[:60]!r}"
        raise SensorError(message) from error


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip()
    except OSError as error:
        raise SensorError(why_unread(path, error)) from error


def why_unread(path: Path, error: OSError) -> str:
    """Why the system's file tells nothing: "no PATH" when it is not there."""
    if isinstance(error, FileNotFoundError):
        return f"no {path}"
    return f"cannot read {path}: {error.strerror or error}"
