"""What every way of measuring on a phone has in common: the phone itself, rounds, the result."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import numpy as np

from edgevision.bench.machine.host import Host
from edgevision.bench.machine.memory import Memory, activation_peak
from edgevision.bench.machine.size import size_of
from edgevision.bench.measure import BenchJob
from edgevision.bench.operators.delegation import Delegation
from edgevision.bench.remote.adb import Adb
from edgevision.bench.results.result import BenchRun, Measured
from edgevision.bench.timing.case import Case
from edgevision.bench.timing.latency import Latency
from edgevision.bench.timing.plan import TimingPlan
from edgevision.bench.timing.ratio import ratio_of
from edgevision.bench.timing.stability import warnings_about
from edgevision.errors import UsageError
from edgevision.progress import Progress
from edgevision.tflite.cost import costs_of
from edgevision.tflite.read import read_model

Run = TypeVar("Run")


def model_files(job: BenchJob) -> tuple[Path, ...]:
    """The file of each case, in order.

    Raises:
        UsageError: the job asks for what no phone does, or a model is no file.
    """
    if job.per_operation or job.sustained_seconds:
        message = "--per-op and --minutes need Python on the device; a phone has none"
        raise UsageError(message, hint="leave them out, or measure those on a board over ssh")
    for case in job.cases:
        if not isinstance(case.model, Path):
            message = f"{case.name} is no file"
            raise UsageError(message)
    return tuple(Path(str(case.model)) for case in job.cases)


def read_phone(phone: Adb) -> Host:
    """What the phone tells of itself."""
    asked = (
        "getprop ro.product.manufacturer; getprop ro.product.model; getprop ro.soc.model; "
        "getprop ro.build.version.release; uname -m; uname -r; nproc; "
        "getprop ro.kernel.qemu; cat /proc/loadavg; "
        "cat /sys/devices/system/cpu/cpu0/cpufreq/scaling_governor 2>/dev/null || echo; "
        "grep MemTotal /proc/meminfo"
    )
    lines = [line.strip() for line in phone.shell(asked).splitlines()]
    maker, model, soc, release, arch, kernel, cpus, qemu, load, governor, memory, *_ = (
        *lines,
        *[""] * 11,
    )
    machine = f"{maker} {model}".strip()
    properties = {
        "machine": machine,
        "CPU": soc,
        "usable CPUs": cpus,
        "governor": governor,
        "memory": memory,
        "load": load,
    }
    return Host(
        machine=machine,
        cpu=soc,
        architecture=arch,
        usable_cpus=int(_number(cpus)),
        governor=governor,
        os=f"Android {release}",
        kernel=kernel,
        python="",
        is_virtual=qemu == "1",
        memory_bytes=1024 * int(_number(memory)),
        load=float(_number(load)),
        unknown=tuple(
            f"{name} (the phone is silent)" for name, word in properties.items() if not word
        ),
    )


def _number(text: str) -> str:
    """The first number in `text`, "0" without."""
    found = re.search(r"\d+(?:\.\d+)?", text)
    return found[0] if found else "0"


def in_rounds(
    job: BenchJob, run: Callable[[int, Case], Run], progress: Progress
) -> list[tuple[Run, ...]]:
    """What `run` finds for each case, by its number, once a round; each round in another order."""
    plan, chance = job.plan, np.random.default_rng(job.plan.seed)
    found: list[list[Run]] = [[] for _ in job.cases]
    progress(0, plan.rounds, "timing")
    for number in range(plan.rounds):
        for index in (int(index) for index in chance.permutation(len(job.cases))):
            found[index].append(run(index, job.cases[index]))
        progress(number + 1, plan.rounds, "timing")
    return [tuple(runs) for runs in found]


def measured_on_phone(
    case: Case,
    latency: Latency,
    *,
    delegation: Delegation | None = None,
    delegation_reason: str = "",
    peak_bytes: int | None = None,
    memory_reason: str,
    warnings: Sequence[str] = (),
) -> Measured:
    """One model: what the phone found, and what its file says here."""
    content = case.content()
    model = read_model(content)
    return Measured(
        name=case.name,
        file=Path(str(case.model)).name,
        size=size_of(content),
        latency=latency,
        multiply_adds=sum(cost.multiply_adds for cost in costs_of(model)),
        delegation=delegation,
        delegation_reason=delegation_reason,
        memory=Memory(
            activations_bytes=activation_peak(model),
            model_bytes=None,
            peak_bytes=peak_bytes,
            reason=memory_reason,
        ),
        warnings=(*warnings, *warnings_about(latency)),
    )


def result_on_phone(
    phone: Adb, host: Host, plan: TimingPlan, models: Sequence[Measured]
) -> BenchRun:
    """The result of models that were measured now; the first is the base."""
    base = models[0].latency
    return BenchRun(
        target=str(phone.target),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        host=host,
        plan=plan,
        models=tuple(models),
        ratios=tuple(ratio_of(base, other.latency) for other in models[1:]),
        warnings=(),
    )
