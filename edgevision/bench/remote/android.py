"""Measuring on an Android phone: TFLite's own `benchmark_model`, pushed and run over `adb`.

Source of its options and output: tensorflow/lite/tools/benchmark/README.md.
"""

import shlex
from collections.abc import Callable, Sequence
from math import ceil
from pathlib import Path

from edgevision.bench.measure import BenchJob
from edgevision.bench.remote.adb import Adb, temporary_folder
from edgevision.bench.remote.benchmark_model import ToolRun, parse_run
from edgevision.bench.remote.phone import (
    in_rounds,
    measured_on_phone,
    model_files,
    read_phone,
    result_on_phone,
)
from edgevision.bench.remote.target import AdbTarget
from edgevision.bench.results.result import BenchRun, Measured
from edgevision.bench.timing.case import Case
from edgevision.bench.timing.latency import Latency, Round
from edgevision.progress import Progress, silent


def measure_over_adb(
    target: AdbTarget,
    job: BenchJob,
    *,
    benchmark_model: Path,
    adb: Callable[[AdbTarget], Adb] = lambda target: Adb(target=target),
    progress: Progress = silent,
) -> BenchRun:
    """Do the job on a phone with the `benchmark_model` binary given (built for its CPU).

    Each round starts the tool afresh for every model, in a shuffled order.

    Raises:
        UsageError: the job asks for what this tool does not give.
        DeviceError: the phone cannot be reached, or the tool fails there.
    """
    files, phone = model_files(job), adb(target)
    with temporary_folder(phone) as folder:

        def run(index: int, case: Case) -> ToolRun:
            output = phone.shell(f"cd {folder} && ./benchmark_model {_options(index, case, job)}")
            return parse_run(output, where=str(phone.target))

        phone("push", str(benchmark_model), f"{folder}/benchmark_model")
        phone.run("chmod", "755", f"{folder}/benchmark_model")
        for number, file in enumerate(files):
            phone("push", str(file), f"{folder}/{number}.tflite")
        host = read_phone(phone)
        found = in_rounds(job, run, progress)
    models = [_measured(case, runs) for case, runs in zip(job.cases, found, strict=True)]
    return result_on_phone(phone, host, job.plan, models)


def _options(index: int, case: Case, job: BenchJob) -> str:
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


def _measured(case: Case, runs: Sequence[ToolRun]) -> Measured:
    latency = Latency(
        name=case.name,
        threads=case.threads,
        runtime=f"benchmark_model{' XNNPACK' * case.xnnpack}",
        rounds=tuple(_round(run) for run in runs),
    )
    peaks = [run.peak_bytes for run in runs if run.peak_bytes is not None]
    return measured_on_phone(
        case,
        latency,
        delegation=runs[0].delegation,
        delegation_reason="" if runs[0].delegation else "benchmark_model names no delegate",
        peak_bytes=max(peaks) if peaks else None,
        memory_reason="benchmark_model tells the peak of its whole process, if that",
    )
