"""Everything about models that can be measured with a runtime and NumPy alone, on any machine.

This is what runs on a board over ssh, so nothing here may import more than that: see `bundle`.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from edgevision.bench.machine.host import read_host, warnings_about_host
from edgevision.bench.machine.memory import memory_of
from edgevision.bench.machine.size import size_of
from edgevision.bench.operators.delegation import delegation_of
from edgevision.bench.operators.profile import profile
from edgevision.bench.results.result import BenchRun, Measured
from edgevision.bench.timing.case import Case
from edgevision.bench.timing.latency import Latency, time_cases
from edgevision.bench.timing.plan import TimingPlan
from edgevision.bench.timing.ratio import ratio_of
from edgevision.bench.timing.stability import warnings_about
from edgevision.bench.timing.sustained import sustain
from edgevision.progress import Progress, silent
from edgevision.tflite.cost import costs_of
from edgevision.tflite.read import read_model


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchJob:
    """What to measure."""

    cases: tuple[Case, ...]
    plan: TimingPlan
    per_operation: bool = False
    """Also take every model apart."""
    sustained_seconds: float = 0.0
    """Also run every model for so long without a pause."""


def measure(job: BenchJob, *, target: str = "local", progress: Progress = silent) -> BenchRun:
    """Do the job on this machine.

    Raises:
        MissingDependencyError: no runtime works here.
        ModelError: a model is damaged, or the runtime refuses it.
    """
    host = read_host()
    latencies = time_cases(job.cases, job.plan, progress=progress)
    models = tuple(
        _measured(case, latency, job, progress)
        for case, latency in zip(job.cases, latencies, strict=True)
    )
    threads = max(case.threads for case in job.cases)
    return BenchRun(
        target=target,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        host=host,
        plan=job.plan,
        models=models,
        ratios=tuple(ratio_of(latencies[0], other) for other in latencies[1:]),
        warnings=warnings_about_host(host, threads=threads),
    )


def _measured(case: Case, latency: Latency, job: BenchJob, progress: Progress) -> Measured:
    content = case.content()
    model = read_model(content)
    delegation = delegation_of(case)
    warnings = list(warnings_about(latency))
    if delegation is not None and case.xnnpack and not delegation.partitions:
        warnings.append(f"no operation runs in XNNPACK or a delegate ({latency.runtime})")
    return Measured(
        name=case.name,
        file=case.model.name if isinstance(case.model, Path) else case.name,
        size=size_of(content),
        latency=latency,
        multiply_adds=sum(cost.multiply_adds for cost in costs_of(model)),
        delegation=delegation,
        delegation_reason=""
        if delegation is not None
        else f"{latency.runtime} does not list its operations",
        memory=memory_of(case, model),
        profile=profile(case, progress=progress) if job.per_operation else None,
        sustained=sustain(case, job.sustained_seconds, progress=progress)
        if job.sustained_seconds
        else None,
        warnings=tuple(warnings),
    )
