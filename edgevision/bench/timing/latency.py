"""Timing models side by side: every round opens all of them afresh and lets them take turns."""

import gc
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter_ns

import numpy as np
from numpy.typing import NDArray

from edgevision.bench.timing.case import Case, Timeable
from edgevision.bench.timing.inputs import fill_random
from edgevision.bench.timing.plan import TimingPlan
from edgevision.bench.timing.summary import Reported, Summary, summarize, summarize_reports
from edgevision.bench.timing.warmup import steady_from
from edgevision.progress import Progress, silent
from edgevision.runtime.loader import load_runtime


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """Raw times of one fresh start of a model, in nanoseconds and in the order they happened."""

    init_ns: int
    """Reading the file, building the interpreter and allocating its tensors."""
    first_ns: int
    """The first inference, which pays for what the runtime put off."""
    warmup_ns: tuple[int, ...]
    timed_ns: tuple[int, ...]
    """Empty when `reported` stands for it."""
    reported: Reported | None = None

    @property
    def median_ns(self) -> float:
        """Median steady run."""
        return float(self.reported.median_ns if self.reported else np.median(self.steady_ns))

    @property
    def steady_from(self) -> int | None:
        """Runs after the first one until the model was steady; None when it never was."""
        return steady_from(self.warmup_ns + self.timed_ns)

    @property
    def steady_ns(self) -> tuple[int, ...]:
        """The timed runs of the steady state; all of them when it was never reached."""
        late = (self.steady_from or 0) - len(self.warmup_ns)
        return self.timed_ns[max(0, late) :]


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """All that was measured of one case."""

    name: str
    threads: int
    runtime: str
    """Library and version, "ai-edge-litert 2.3.0"."""
    rounds: tuple[Round, ...]

    @property
    def steady_ns(self) -> NDArray[np.int64]:
        """Steady runs of all rounds, in order."""
        return np.array([t for part in self.rounds for t in part.steady_ns], np.int64)

    @property
    def round_medians_ns(self) -> NDArray[np.float64]:
        """Median steady run of each round."""
        return np.array([part.median_ns for part in self.rounds])

    @property
    def summary(self) -> Summary:
        """Statistics of the steady runs."""
        reports = [part.reported for part in self.rounds if part.reported]
        return summarize_reports(reports) if reports else summarize(self.steady_ns)

    @property
    def init_ms(self) -> float:
        """Median time to open the model."""
        return float(np.median([part.init_ns for part in self.rounds])) / 1e6

    @property
    def first_ms(self) -> float:
        """Median time of a first inference."""
        return float(np.median([part.first_ns for part in self.rounds])) / 1e6

    @property
    def warmup_runs(self) -> int | None:
        """Runs after the first until steady, in the worst round; None when one never was."""
        counts = [part.steady_from for part in self.rounds]
        known = [count for count in counts if count is not None]
        return max(known) if len(known) == len(counts) else None


def time_models(
    models: Mapping[str, Path | bytes],
    *,
    threads: int = 1,
    plan: TimingPlan | None = None,
    progress: Progress = silent,
) -> dict[str, Latency]:
    """Latency of each model by its name, measured interleaved in the best runtime of this machine.

    Raises:
        MissingDependencyError: no runtime works here.
        ModelError: the runtime refuses a model.
    """
    cases = [Case(name=name, model=model, threads=threads) for name, model in models.items()]
    return {
        found.name: found for found in time_cases(cases, plan or TimingPlan(), progress=progress)
    }


def time_cases(
    cases: Sequence[Case],
    plan: TimingPlan,
    *,
    open_case: Callable[[Case], Timeable] = Case.open,
    clock_ns: Callable[[], int] = perf_counter_ns,
    progress: Progress = silent,
) -> tuple[Latency, ...]:
    """Latency of each case, in the order given; see `time_models` for what is raised."""
    for name in {case.runtime for case in cases}:
        # Importing the library and its trial run are no part of any model's init time.
        load_runtime(name)
    chance = np.random.default_rng(plan.seed)
    timed: list[list[Round]] = [[] for _ in cases]
    runtimes = [""] * len(cases)
    progress(0, plan.rounds, "timing")
    for number in range(plan.rounds):
        order = [int(index) for index in chance.permutation(len(cases))]
        with ExitStack() as stack, _no_garbage_collection():
            runs = {}
            for index in order:
                runs[index] = _start(cases[index], plan, chance, open_case, clock_ns)
                stack.callback(runs[index].model.close)
                runtimes[index] = runs[index].model.runtime
            _take_turns([runs[index] for index in order], plan, clock_ns)
            for index, run in runs.items():
                timed[index].append(run.finished())
        progress(number + 1, plan.rounds, "timing")
    return tuple(
        Latency(name=case.name, threads=case.threads, runtime=runtime, rounds=tuple(rounds))
        for case, runtime, rounds in zip(cases, runtimes, timed, strict=True)
    )


@dataclass(slots=True, kw_only=True)
class _OpenModel:
    """One model held open during a round, collecting its times."""

    model: Timeable
    init_ns: int
    first_ns: int = 0
    warmup_ns: list[int] = field(default_factory=list)
    timed_ns: list[int] = field(default_factory=list)

    def finished(self) -> Round:
        return Round(
            init_ns=self.init_ns,
            first_ns=self.first_ns,
            warmup_ns=tuple(self.warmup_ns),
            timed_ns=tuple(self.timed_ns),
        )


def _start(
    case: Case,
    plan: TimingPlan,
    chance: np.random.Generator,
    open_case: Callable[[Case], Timeable],
    clock_ns: Callable[[], int],
) -> _OpenModel:
    began = clock_ns()
    model = open_case(case)
    run = _OpenModel(model=model, init_ns=clock_ns() - began)
    for spec in model.inputs:
        fill_random(model.view(spec), chance)
    run.first_ns = _time_one(model, clock_ns)
    began = clock_ns()
    while len(run.warmup_ns) < plan.warmup_runs or clock_ns() - began < plan.warmup_seconds * 1e9:
        run.warmup_ns.append(_time_one(model, clock_ns))
    return run


def _take_turns(runs: Sequence[_OpenModel], plan: TimingPlan, clock_ns: Callable[[], int]) -> None:
    seconds = plan.seconds / plan.rounds
    blocks = max(1, math.ceil(seconds / plan.block_seconds)) if plan.block_seconds else 1
    least = math.ceil(plan.least_runs / (plan.rounds * blocks))
    most = max(least, plan.most_runs // (plan.rounds * blocks))
    counts = []
    for run in runs:
        typical_ns = max(1, min([run.first_ns, *run.warmup_ns]))
        wanted = math.ceil(seconds / blocks * 1e9 / typical_ns)
        counts.append(min(most, max(least, wanted)))
    for block in range(blocks):
        turns = list(zip(runs, counts, strict=True))
        # A B, B A: a machine that slowly heats up then slows both alike.
        for run, count in turns if block % 2 == 0 else reversed(turns):
            if len(runs) > 1:
                # The other models have emptied the caches; alone on a device it would not be so.
                run.model.invoke()
            run.timed_ns.extend(_time_one(run.model, clock_ns) for _ in range(count))


def _time_one(model: Timeable, clock_ns: Callable[[], int]) -> int:
    began = clock_ns()
    model.invoke()
    return clock_ns() - began


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
