"""Measuring on an Android phone: TFLite's own `benchmark_model`, pushed and run over `adb`.

Source of its options and output: tensorflow/lite/tools/benchmark/README.md.
"""

import re
import secrets
import shlex
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from pathlib import Path

import numpy as np

from edgevision.artifact.macs import costs_of
from edgevision.artifact.model import read_model
from edgevision.bench.case import Case
from edgevision.bench.host import Host
from edgevision.bench.latency import Latency, Round
from edgevision.bench.measure import Job
from edgevision.bench.memory import Memory, activation_peak
from edgevision.bench.ratio import ratio_of
from edgevision.bench.remote.benchmark_model import ToolRun, parse_run
from edgevision.bench.remote.target import AdbTarget
from edgevision.bench.result import Measured, Result
from edgevision.bench.size import size_of
from edgevision.bench.stability import warnings_about
from edgevision.errors import DeviceError, UsageError
from edgevision.progress import Progress, silent

_FOLDER = "/data/local/tmp"
"""The one place where Android lets the shell user run programs."""
_SECONDS = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Adb:
    """The `adb` program talking to one device."""

    target: AdbTarget
    program: str = "adb"

    def __call__(self, *words: str) -> str:
        """Output of one adb command.

        Raises:
            DeviceError: there is no adb, no such device, or the command fails there.
        """
        chosen = ["-s", self.target.serial] if self.target.serial else []
        try:
            reply = subprocess.run(
                [self.program, *chosen, *words],
                capture_output=True,
                text=True,
                errors="replace",
                timeout=_SECONDS,
                check=False,
                stdin=subprocess.DEVNULL,
            )
        except FileNotFoundError as error:
            message = "there is no adb program here"
            raise DeviceError(
                message, hint="apt install adb, or Android's platform-tools"
            ) from error
        except subprocess.TimeoutExpired as error:
            message = f"{self.target} did not answer for {_SECONDS} s"
            raise DeviceError(message, hint="unplug it, plug it in, and try again") from error
        # benchmark_model writes its results on stderr.
        said = reply.stdout + reply.stderr
        if reply.returncode:
            raise _refusal(self.target, said)
        return said

    def shell(self, command: str) -> str:
        """Output of one command line in the device's shell."""
        return self("shell", command)


def measure_over_adb(
    target: AdbTarget,
    job: Job,
    *,
    benchmark_model: Path,
    adb: Callable[[AdbTarget], Adb] = lambda target: Adb(target=target),
    progress: Progress = silent,
) -> Result:
    """Do the job on a phone with the `benchmark_model` binary given (built for its CPU).

    Each round starts the tool afresh for every model, in a shuffled order.

    Raises:
        UsageError: the job asks for what this tool does not give.
        DeviceError: the phone cannot be reached, or the tool fails there.
    """
    if job.per_operation or job.sustained_seconds:
        message = "--per-op and --minutes need Python on the device; a phone has none"
        raise UsageError(message, hint="leave them out, or measure those on a board over ssh")
    phone = adb(target)
    with _folder(phone) as folder:
        phone("push", str(benchmark_model), f"{folder}/benchmark_model")
        phone.shell(f"chmod 755 {folder}/benchmark_model")
        for number, case in enumerate(job.cases):
            if not isinstance(case.model, Path):
                message = f"{case.name} is no file"
                raise UsageError(message)
            phone("push", str(case.model), f"{folder}/{number}.tflite")
        host = read_phone(phone)
        runs = _run_rounds(phone, folder, job, progress)
    latencies = [
        Latency(
            name=case.name,
            threads=case.threads,
            runtime=f"benchmark_model{' XNNPACK' * case.xnnpack}",
            rounds=tuple(_round(run) for run in found),
        )
        for case, found in zip(job.cases, runs, strict=True)
    ]
    return Result(
        target=str(target),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        host=host,
        plan=job.plan,
        models=tuple(
            _measured(case, latency, found)
            for case, latency, found in zip(job.cases, latencies, runs, strict=True)
        ),
        ratios=tuple(ratio_of(latencies[0], other) for other in latencies[1:]),
        warnings=(),
    )


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
    return Host(
        machine=f"{maker} {model}".strip(),
        cpu=soc,
        architecture=arch,
        usable_cpus=int(cpus) if cpus.isdigit() else 0,
        governor=governor,
        os=f"Android {release}",
        kernel=kernel,
        python="",
        is_virtual=qemu == "1",
        memory_bytes=1024 * int("".join(re.findall(r"\d+", memory)) or 0),
        load=float(load.split()[0]) if load else 0.0,
    )


@contextmanager
def _folder(phone: Adb) -> Iterator[str]:
    phone("get-state")
    folder = f"{_FOLDER}/edgevision-bench-{secrets.token_hex(4)}"
    phone.shell(f"mkdir {folder}")
    try:
        yield folder
    finally:
        phone.shell(f"rm -rf {folder}")


def _run_rounds(phone: Adb, folder: str, job: Job, progress: Progress) -> list[list[ToolRun]]:
    plan, chance = job.plan, np.random.default_rng(job.plan.seed)
    found: list[list[ToolRun]] = [[] for _ in job.cases]
    progress(0, plan.rounds, "timing")
    for number in range(plan.rounds):
        for index in (int(index) for index in chance.permutation(len(job.cases))):
            case = job.cases[index]
            said = phone.shell(f"cd {folder} && ./benchmark_model {_options(index, case, job)}")
            found[index].append(parse_run(said, where=str(phone.target)))
        progress(number + 1, plan.rounds, "timing")
    return found


def _options(index: int, case: Case, job: Job) -> str:
    plan = job.plan
    options = {
        "graph": f"{index}.tflite",
        "num_threads": case.threads,
        "warmup_runs": max(1, plan.warmup_runs),
        "warmup_min_secs": plan.warmup_seconds,
        "num_runs": ceil(plan.least_runs / plan.rounds),
        "min_secs": plan.seconds / plan.rounds,
        "use_xnnpack": str(case.xnnpack).lower(),
        "report_peak_memory_footprint": "true",
    }
    words = [f"--{name}={value}" for name, value in options.items()]
    if case.delegates:
        words.append(f"--external_delegate_path={case.delegates[0]}")
    return shlex.join(words)


def _round(run: ToolRun) -> Round:
    return Round(
        init_ns=run.init_ns,
        first_ns=run.first_ns,
        warmup_ns=(),
        timed_ns=(),
        reported=run.steady,
    )


def _measured(case: Case, latency: Latency, runs: Sequence[ToolRun]) -> Measured:
    content = case.content()
    model = read_model(content)
    peaks = [run.peak_bytes for run in runs if run.peak_bytes is not None]
    return Measured(
        name=case.name,
        file=Path(str(case.model)).name,
        size=size_of(content),
        latency=latency,
        multiply_adds=sum(cost.multiply_adds for cost in costs_of(model)),
        delegation=runs[0].delegation,
        memory=Memory(
            activations_bytes=activation_peak(model),
            model_bytes=None,
            peak_bytes=max(peaks) if peaks else None,
        ),
        warnings=warnings_about(latency),
    )


def _refusal(target: AdbTarget, said: str) -> DeviceError:
    reasons = (
        ("unauthorized", "it has not allowed this computer", "confirm the question on its screen"),
        ("no devices", "no phone is connected", "switch on USB debugging and plug it in"),
        ("not found", "no such phone or file", "adb devices   lists the phones"),
        ("offline", "it is offline", "unplug it and plug it in again"),
        ("more than one", "several phones are connected", "name one: --on adb:SERIAL"),
        ("not executable", "the binary is for another CPU", "getprop ro.product.cpu.abi names it"),
    )
    last = next((line.strip() for line in reversed(said.splitlines()) if line.strip()), "no reason")
    for words, meaning, remedy in reasons:
        if words in said:
            return DeviceError(f"cannot use {target}: {meaning} ({last})", hint=remedy)
    return DeviceError(f"{target} refuses: {last}", hint="run with --debug to see what was asked")
