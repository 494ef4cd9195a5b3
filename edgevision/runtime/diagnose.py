"""Whether TFLite really works on this machine, and whether it runs fast."""

import os
import platform
from dataclasses import dataclass
from pathlib import Path

from edgevision.runtime.loader import PROBE, RUNTIMES, try_runtime, uses_delegate
from edgevision.runtime.session import usable_cpus

_WORTH_NAMING = (
    *("neon", "asimd", "asimdhp", "asimddp", "i8mm", "bf16", "sve"),
    *("sse4_2", "avx", "avx2", "fma", "avx512f", "avx512_vnni", "avx_vnni", "amx_int8"),
)
"""CPU features that TFLite's kernels choose by; asimddp and the vnni ones make int8 fast."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeHealth:
    """What became of running a tiny model in one runtime library."""

    name: str
    package: str
    works: bool
    detail: str
    """Its version when it works, else why it does not."""
    xnnpack: bool
    """Whether the fast CPU kernels took the model; they can be off without a word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """The facts that decide how fast a model can be here."""

    system: str
    architecture: str
    python: str
    cpu: str
    usable_cpus: int
    features: tuple[str, ...]
    unknown: str = ""
    """Why CPU and features are not known; empty when they are."""


def check_runtimes() -> tuple[RuntimeHealth, ...]:
    """Every runtime library of the table, tried by running a model; TensorFlow only if imported.

    Importing TensorFlow takes seconds and is no way to run a model on a Pi, so it is left out.
    """
    return tuple(_check(name) for name in RUNTIMES if name != "tensorflow")


def _check(name: str) -> RuntimeHealth:
    package = RUNTIMES[name][0]
    library, reason = try_runtime(name)
    if library is None:
        return RuntimeHealth(name=name, package=package, works=False, detail=reason, xnnpack=False)
    interpreter = library.open(PROBE.read_bytes(), threads=1)
    return RuntimeHealth(
        name=name,
        package=package,
        works=True,
        detail=library.version,
        xnnpack=uses_delegate(interpreter),
    )


def describe_machine(cpuinfo: Path = Path("/proc/cpuinfo")) -> Machine:
    """This machine, as the kernels see it."""
    model, flags, unknown = "", "", ""
    try:
        for line in cpuinfo.read_text(errors="replace").splitlines():
            key, _, value = line.partition(":")
            match key.strip():
                case "model name" | "Model":
                    model = model or value.strip()
                case "flags" | "Features":
                    flags = flags or value
    except OSError as error:
        # No procfs (macOS): the features stay unknown, everything else is still worth telling.
        unknown = f"cannot read {cpuinfo}: {error.strerror or error}"
    present = set(flags.split())
    return Machine(
        system=f"{platform.system()} {platform.release()}",
        architecture=platform.machine() or os.uname().machine,
        python=platform.python_version(),
        cpu=model or platform.processor() or "unknown",
        usable_cpus=usable_cpus(),
        features=tuple(name for name in _WORTH_NAMING if name in present),
        unknown=unknown,
    )
