"""One job on the target named, whatever it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgevision.bench.measure import BenchJob, measure
from edgevision.bench.remote.android import measure_over_adb
from edgevision.bench.remote.app import Export, measure_in_app
from edgevision.bench.remote.ssh import measure_over_ssh, provision
from edgevision.bench.remote.target import AdbTarget, SshTarget, Target
from edgevision.bench.results.result import BenchRun
from edgevision.errors import UsageError
from edgevision.progress import Progress, silent


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How to get at other machines."""

    ssh_options: Sequence[str] = ()
    """Words for ssh, as they are."""
    is_provisioning: bool = False
    """Make a venv with a runtime on each board first."""
    benchmark_model: Path | None = None
    """TFLite's native tool, built for the phone."""
    export: Export | None = None
    """Makes a model ready for the demo app, which then measures on phones."""


def measure_at(
    target: Target, job: BenchJob, access: Access, *, progress: Progress = silent
) -> BenchRun:
    """Do the job there; for errors see `measure` and the function of each kind of target."""
    if isinstance(target, SshTarget):
        if access.is_provisioning:
            progress(0, 1, f"provisioning {target.host}")
            provision(target, options=access.ssh_options)
            progress(1, 1, f"provisioning {target.host}")
        return measure_over_ssh(target, job, options=access.ssh_options, progress=progress)
    if isinstance(target, AdbTarget):
        if access.export is not None:
            return measure_in_app(target, job, export=access.export, progress=progress)
        if access.benchmark_model is None:
            message = (
                f"measuring on {target} needs TFLite's benchmark_model binary, or the demo app"
            )
            raise UsageError(
                message, hint="--benchmark-model PATH, or --app; docs/bench.md says where they are"
            )
        return measure_over_adb(
            target, job, benchmark_model=access.benchmark_model, progress=progress
        )
    return measure(job, progress=progress)
