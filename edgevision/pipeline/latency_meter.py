"""Timing files here or on a device, and remembering: what one stage has timed, another can tell."""

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from edgevision.bench.measure import BenchJob
from edgevision.bench.remote.dispatch import Access, measure_at
from edgevision.bench.remote.target import Local, Target
from edgevision.bench.timing.case import Case
from edgevision.bench.timing.latency import Latency, time_models
from edgevision.bench.timing.plan import TimingPlan
from edgevision.progress import Progress, silent
from edgevision.tflite.read import read_content

GLANCE = TimingPlan(rounds=3, seconds=0.1, least_runs=12)
"""Enough to see that one file is much faster than another."""

FIRST_PLAN = TimingPlan(rounds=7, seconds=0.25, least_runs=35, warmup_runs=3, warmup_seconds=0.015)
"""Enough for a table with an interval of the ratio; `edgevision bench` takes longer and says
more."""

TIMING = TimingPlan(rounds=7, seconds=0.5, least_runs=35)
"""Enough to rank a few files."""

MUCH = 0.8
"""A ratio of latencies that the first look is believed in."""


class LatencyMeter:
    """Times files side by side, always on the same machine and with as many threads.

    On a device every method may raise `DeviceError`, and `UsageError` without the access it needs.
    """

    def __init__(
        self,
        first: TimingPlan = GLANCE,
        *,
        target: Target | None = None,
        access: Access | None = None,
        threads: int = 1,
    ) -> None:
        """Take a first look at files with the plan `first`, on `target`: this machine if None."""
        self._first = first
        self.threads = threads
        self._target = target or Local()
        self._access = access or Access()
        self._known: list[dict[bytes, Latency]] = []

    @property
    def target(self) -> str:
        """Where files are timed, as `--on` names it: "local" for this machine."""
        return str(self._target)

    def try_out(self, model: Path) -> None:
        """Time one file on the device, so that one that cannot is known before work is done."""
        if not isinstance(self._target, Local):
            self._measure({"first": read_content(model)}, GLANCE)

    def compared_ms(self, files: Mapping[str, bytes]) -> dict[str, float]:
        """As `median_ms`, in less time where all others are much faster than the first."""
        found = self._measure(files, self._first)
        first, *others = (latency.summary.p50_ms for latency in found.values())
        if all(other < MUCH * first for other in others):
            return {name: latency.summary.p50_ms for name, latency in found.items()}
        return self.median_ms(files)

    def median_ms(self, files: Mapping[str, bytes]) -> dict[str, float]:
        """Median latency of each file, in turns."""
        found = self._measure(files, TIMING)
        return {name: latency.summary.p50_ms for name, latency in found.items()}

    def latencies(
        self, files: Mapping[str, bytes], *, progress: Progress = silent
    ) -> dict[str, Latency]:
        """All that was measured of each file: again only if not all were timed side by side."""
        for known in reversed(self._known):
            found = {name: known[content] for name, content in files.items() if content in known}
            if len(found) == len(files):
                return {name: replace(one, name=name) for name, one in found.items()}
        return self._measure(files, FIRST_PLAN, progress=progress)

    def _measure(
        self, files: Mapping[str, bytes], plan: TimingPlan, *, progress: Progress = silent
    ) -> dict[str, Latency]:
        if isinstance(self._target, Local):
            found = time_models(files, threads=self.threads, plan=plan, progress=progress)
        else:
            found = self._measure_there(files, plan, progress)
        self._known.append({files[name]: latency for name, latency in found.items()})
        return found

    def _measure_there(
        self, files: Mapping[str, bytes], plan: TimingPlan, progress: Progress
    ) -> dict[str, Latency]:
        with tempfile.TemporaryDirectory(prefix="edgevision-") as folder:
            cases = []
            for number, (name, content) in enumerate(files.items()):
                # A path: adb pushes files.
                path = Path(folder) / f"{number}.tflite"
                path.write_bytes(content)
                cases.append(Case(name=name, model=path, threads=self.threads))
            job = BenchJob(cases=tuple(cases), plan=plan)
            result = measure_at(self._target, job, self._access, progress=progress)
        return {measured.name: measured.latency for measured in result.models}
