"""Sensors, the machine's description, and running for minutes, on boards made of files."""

from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from edgevision.bench.machine.host import differences, read_host, warnings_about_host
from edgevision.bench.machine.sensors import (
    Reading,
    SensorError,
    read_governor,
    read_sensors,
    run_command,
)
from edgevision.bench.timing.case import Case
from edgevision.bench.timing.sustained import sustain
from edgevision.errors import ModelError
from tests.bench.conftest import FakeWorld

MS = 1_000_000


@pytest.fixture
def pi(tmp_path: Path) -> Path:
    """What a Raspberry Pi 5 shows under /."""
    files = {
        "proc/device-tree/model": "Raspberry Pi 5 Model B Rev 1.0\0",
        "proc/cpuinfo": "processor\t: 0\nCPU part\t: 0xd0b\nprocessor\t: 1\nCPU part\t: 0xd0b\n",
        "proc/meminfo": "MemTotal:        8245296 kB\n",
        "etc/os-release": 'NAME="Debian"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n',
        "sys/class/thermal/thermal_zone0/type": "cpu-thermal\n",
        "sys/class/thermal/thermal_zone0/temp": "61750\n",
        "sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq": "1500000\n",
        "sys/devices/system/cpu/cpu1/cpufreq/scaling_cur_freq": "2400000\n",
        "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "ondemand\n",
    }
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return tmp_path


def test_a_pi_tells_its_heat_its_clock_and_what_throttles_it(pi: Path) -> None:
    reading, missing = read_sensors(pi, lambda _: "throttled=0x50005\n")
    assert (reading.temperature_c, reading.clock_mhz) == (61.75, 2400.0)
    assert reading.limits == ("under-voltage", "throttled")
    assert missing == ()
    assert read_governor(pi) == "ondemand"


def test_the_cpus_zone_is_chosen_among_many(pi: Path) -> None:
    zone = pi / "sys/class/thermal/thermal_zone1"
    zone.mkdir()
    (zone / "type").write_text("battery\n")
    (zone / "temp").write_text("99000\n")
    assert read_sensors(pi, lambda _: "throttled=0x0\n")[0].temperature_c == 61.75


def no_command(_words: object) -> str:
    message = "cannot run vcgencmd: No such file or directory"
    raise SensorError(message)


def test_what_a_machine_does_not_tell_is_said_with_the_reason(tmp_path: Path) -> None:
    reading, missing = read_sensors(tmp_path, no_command)
    assert (reading.temperature_c, reading.clock_mhz, reading.throttled) == (None, None, None)
    governor = f"{tmp_path}/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"
    assert missing == (
        "temperature (no thermal_zone in /sys/class/thermal)",
        "CPU clock (no cpufreq in /sys/devices/system/cpu)",
        "throttling (cannot run vcgencmd: No such file or directory)",
        f"governor (no {governor})",
    )
    with pytest.raises(SensorError, match="no /"):
        read_governor(tmp_path)


@pytest.mark.parametrize("answer", ["error=1 what", "", "throttled"])
def test_an_answer_that_is_none_is_the_reason(pi: Path, answer: str) -> None:
    reading, missing = read_sensors(pi, lambda _: answer)
    assert reading.throttled is None
    assert missing == (f"throttling (vcgencmd answered {answer!r})",)


def test_a_sensor_that_holds_nonsense_is_the_reason(pi: Path) -> None:
    zone = pi / "sys/class/thermal/thermal_zone0/temp"
    zone.write_text("warm\n")
    cores = pi / "sys/devices/system/cpu"
    # A core that is off tells nothing; the other one does.
    (cores / "cpu1/cpufreq/scaling_cur_freq").write_text("<unknown>\n")
    reading, missing = read_sensors(pi, lambda _: "throttled=0x0")
    assert (reading.temperature_c, reading.clock_mhz) == (None, 1500.0)
    assert missing == (f"temperature ({zone} holds 'warm')",)


def test_a_program_that_is_absent_fails_or_hangs_is_the_reason(tmp_path: Path) -> None:
    for words, reason in (
        (["/nowhere/vcgencmd"], "cannot run /nowhere/vcgencmd: No such file or directory"),
        (["sh", "-c", "echo VCHI initialization failed >&2; exit 1"], "sh ended with 1: VCHI"),
        (["sleep", "60"], "sleep did not answer for 2 s"),
    ):
        with pytest.raises(SensorError, match=reason):
            run_command(words)
    assert run_command(["echo", "x"]) == "x\n"


def test_a_machine_that_tells_nothing_says_why(tmp_path: Path, pi: Path) -> None:
    assert read_host(pi).unknown == ()
    (tmp_path / "empty").mkdir()
    host = read_host(tmp_path / "empty")
    assert (host.cpu, host.machine, host.governor, host.memory_bytes) == ("", "", "", 0)
    named = [reason.partition(" (")[0] for reason in host.unknown]
    assert named == ["CPU", "operating system", "machine", "governor", "memory"]
    assert all(f"(no {tmp_path}/empty/" in reason for reason in host.unknown)


def test_a_pi_is_described(pi: Path) -> None:
    host = read_host(pi)
    assert host.machine == host.title == "Raspberry Pi 5 Model B Rev 1.0"
    assert host.cpu == "Cortex-A76"
    assert host.os == "Debian GNU/Linux 12 (bookworm)"
    assert host.memory_bytes == 8245296 * 1024
    assert not host.is_virtual


def test_unlike_machines_are_told_apart(pi: Path) -> None:
    host = read_host(pi)
    assert differences(host, replace(host, load=3.0, kernel="other")) == ()
    assert differences(host, replace(host, governor="performance")) == (
        "governor: ondemand and performance",
    )


def test_a_doubtful_machine_is_said(pi: Path) -> None:
    host = replace(
        read_host(pi), architecture="aarch64", usable_cpus=4, load=0.0, governor="performance"
    )
    assert warnings_about_host(host, threads=4) == ()
    assert "8 threads on 4 usable CPUs" in warnings_about_host(host, threads=8)[0]
    assert "others were running" in warnings_about_host(replace(host, load=3.9), threads=4)[0]
    (warning,) = warnings_about_host(replace(host, governor="powersave"), threads=1)
    assert "scaling_governor" in warning
    (warning,) = warnings_about_host(replace(host, architecture="x86_64"), threads=1)
    assert "--on measures there" in warning


def test_burst_and_steady_state_of_a_board_that_throttles() -> None:
    world = FakeWorld({})
    # Fast for 20 s, then half as fast.
    world.costs["m"] = lambda _: (10 if world.clock.now_ns < 20e9 else 20) * MS

    def sense() -> tuple[Reading, tuple[str, ...]]:
        hot = world.clock.now_ns >= 20e9
        reading = Reading(
            temperature_c=85.0 if hot else 60.0,
            clock_mhz=None,
            throttled=4 if hot else 0,
            governor="ondemand",
        )
        return reading, ("CPU clock (no cpufreq)",)

    case = Case(name="m", model=b"")
    found = sustain(case, 60, open_case=world.open, sense=sense, clock_ns=world.clock)
    assert (found.burst_ms, found.steady_ms) == (10.0, 20.0)
    assert 55 <= len(found.points) <= 61
    assert found.missing == ("CPU clock (no cpufreq)",)
    assert found.limits == ("throttled",)
    line = str(found)
    assert "10 ms in the first 10 s, 20 ms in the last third" in line
    assert "+100%" in line
    assert "at most 85 °C" in line
    assert "governor ondemand" in line
    assert "slowed by throttled" in line
    assert "not told by this machine: CPU clock (no cpufreq)" in line


def test_a_machine_that_stands_still_is_looked_at_once() -> None:
    world = FakeWorld({"m": lambda _: MS})
    leaps = count(step=10**9)
    found = sustain(
        Case(name="m", model=b""), 0.1, open_case=world.open, clock_ns=lambda: next(leaps)
    )
    assert len(found.points) == 1


def test_the_model_is_let_go_when_a_long_run_fails() -> None:
    def broken(run: int) -> int:
        if run > 3:
            message = "no"
            raise ModelError(message)
        return MS

    world = FakeWorld({"m": broken})
    with pytest.raises(ModelError):
        sustain(Case(name="m", model=b""), 5, open_case=world.open, clock_ns=world.clock)
    assert "close m" in world.log
