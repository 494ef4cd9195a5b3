"""The machine a figure comes from: without that it is no figure."""

import os
import platform
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgevision.bench.machine.sensors import SensorError, read_governor, why_unread
from edgevision.runtime.session import usable_cpus

_CHECKED = ("machine", "cpu", "architecture", "usable_cpus", "governor")
"""Fields that must be equal before latencies of two results may be put side by side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """What is known of a machine while it measures; empty strings for what it does not tell."""

    machine: str
    """Board or product, "Raspberry Pi 5 Model B Rev 1.0"."""
    cpu: str
    architecture: str
    """As `uname -m` says, "aarch64"."""
    usable_cpus: int
    """CPUs this process may use, which containers and taskset make fewer than there are."""
    governor: str
    """Of the first CPU, "ondemand"; empty where the kernel manages no clock (most VMs)."""
    os: str
    kernel: str
    python: str
    is_virtual: bool
    """Whether a hypervisor is underneath, whose neighbours take time without asking."""
    memory_bytes: int
    load: float
    """Processes running or waiting over the last minute when measuring began."""
    unknown: tuple[str, ...] = ()
    """What the machine does not tell, and why: "memory (no /proc/meminfo)"."""

    @property
    def title(self) -> str:
        """Short name for tables."""
        return self.machine if self.machine and not self.is_virtual else self.cpu


def read_host(root: Path = Path("/")) -> Host:
    """This machine; `root` stands for "/" in tests."""
    unknown: list[str] = []
    cpuinfo = _text("CPU", [root / "proc/cpuinfo"], unknown)
    release = _text("operating system", [root / "etc/os-release"], unknown)
    # Boards with a device tree (every Pi), then PCs.
    names = [root / "proc/device-tree/model", root / "sys/class/dmi/id/product_name"]
    return Host(
        machine=_text("machine", names, unknown),
        cpu=_cpu(cpuinfo),
        architecture=platform.machine(),
        usable_cpus=usable_cpus(),
        governor=_governor(root, unknown),
        os=_os(release),
        kernel=platform.release(),
        python=platform.python_version(),
        is_virtual=bool(re.search(r"^flags\s*:.*\bhypervisor\b", cpuinfo, re.MULTILINE)),
        memory_bytes=_memory_bytes(_text("memory", [root / "proc/meminfo"], unknown)),
        load=_load(unknown),
        unknown=tuple(unknown),
    )


def differences(one: Host, other: Host) -> tuple[str, ...]:
    """Why latencies of the two machines must not be compared, one sentence a field."""
    return tuple(
        f"{name.replace('_', ' ')}: {getattr(one, name) or 'unknown'} and "
        f"{getattr(other, name) or 'unknown'}"
        for name in _CHECKED
        if getattr(one, name) != getattr(other, name)
    )


def warnings_about_host(host: Host, *, threads: int) -> tuple[str, ...]:
    """What about the machine makes its figures doubtful."""
    found = []
    if host.architecture in {"x86_64", "AMD64"}:
        found.append(
            "figures of an x86-64 machine: on a phone or a Pi even the order of models can be "
            "another; --on measures there"
        )
    if threads > host.usable_cpus:
        found.append(f"{threads} threads on {host.usable_cpus} usable CPUs: they will wait")
    busy = host.load - 0.5
    if busy + threads > host.usable_cpus:
        found.append(
            f"load {host.load:.1f} on {host.usable_cpus} CPUs before starting: others were running"
        )
    if host.governor in {"powersave", "ondemand", "conservative"}:
        found.append(
            f"CPU governor {host.governor}: the clock follows the load; "
            "for steady figures: echo performance | sudo tee "
            "/sys/devices/system/cpu/cpu*/cpufreq/scaling_governor"
        )
    return tuple(found)


def _cpu(cpuinfo: str) -> str:
    if found := re.search(r"^model name\s*:\s*(.+)$", cpuinfo, re.MULTILINE):
        return found[1].strip()
    # ARM names its cores by number: 0xd0b is a Cortex-A76.
    parts = sorted(set(re.findall(r"^CPU part\s*:\s*(0x[0-9a-f]+)", cpuinfo, re.MULTILINE)))
    return " + ".join(_ARM_CORES.get(part, f"ARM {part}") for part in parts)


_ARM_CORES = {
    "0xb76": "ARM1176",
    "0xc07": "Cortex-A7",
    "0xd03": "Cortex-A53",
    "0xd04": "Cortex-A35",
    "0xd05": "Cortex-A55",
    "0xd07": "Cortex-A57",
    "0xd08": "Cortex-A72",
    "0xd09": "Cortex-A73",
    "0xd0a": "Cortex-A75",
    "0xd0b": "Cortex-A76",
    "0xd0c": "Neoverse-N1",
    "0xd0d": "Cortex-A77",
    "0xd40": "Neoverse-V1",
    "0xd41": "Cortex-A78",
    "0xd44": "Cortex-X1",
    "0xd49": "Neoverse-N2",
}
"""Source: the MIDR part numbers in Linux, arch/arm64/include/asm/cputype.h."""


def _os(release: str) -> str:
    found = re.search(r'^PRETTY_NAME="?([^"\n]+)', release, re.MULTILINE)
    return found[1] if found else platform.system()


def _governor(root: Path, unknown: list[str]) -> str:
    try:
        return read_governor(root)
    except SensorError as error:
        unknown.append(f"governor ({error})")
        return ""


def _memory_bytes(meminfo: str) -> int:
    found = re.search(r"^MemTotal:\s*(\d+)", meminfo, re.MULTILINE)
    return 1024 * int(found[1]) if found else 0


def _load(unknown: list[str]) -> float:
    try:
        return round(os.getloadavg()[0], 2)
    except OSError as error:
        unknown.append(f"load ({error})")
        return 0.0


def _text(name: str, paths: Sequence[Path], unknown: list[str]) -> str:
    """What the first of the files that says anything says of `name`; else why none does."""
    reasons = []
    for path in paths:
        try:
            # Device trees end their texts with a zero.
            if found := path.read_text(errors="replace").strip("\0 \n"):
                return found
            reasons.append(f"{path} is empty")
        except OSError as error:
            reasons.append(why_unread(path, error))
    unknown.append(f"{name} ({', '.join(reasons)})")
    return ""
