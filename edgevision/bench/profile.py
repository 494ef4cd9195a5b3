"""Time per operation, from each operation run as a model of its own; no native tool needed."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from time import perf_counter_ns, thread_time_ns
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgevision.artifact.arithmetic import arithmetic_of
from edgevision.artifact.macs import costs_of
from edgevision.artifact.model import TfliteModel, read_model
from edgevision.bench.case import Case
from edgevision.bench.cut import Piece, single_operations
from edgevision.bench.delegation import Delegation, delegation_of
from edgevision.bench.inputs import fill_random
from edgevision.errors import ModelError
from edgevision.progress import Progress, silent
from edgevision.runtime.loader import PROBE
from edgevision.runtime.session import Session

_PASSES = 3
"""Fresh starts of all pieces: where memory happens to lie changes with each."""
_PASS_NS = 600_000_000
_LEAST_ROUNDS = 15
_STATED_ERROR = 0.15
"""The parts add up to the whole within this, or the profile says that they do not."""

Clock = Callable[[], int]
"""Nanoseconds since some moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationTime:
    """One operation of the model."""

    index: int
    name: str
    """"CONV_2D"."""
    output: str
    """Name of the tensor it makes, which holds the layer's name."""
    shape: tuple[int, ...]
    """Of that tensor."""
    arithmetic: str
    """"int8", "float32", ...: what it computes in."""
    time_ms: float | None
    """None when it could not be run alone."""
    multiply_adds: int
    delegated: bool | None
    """Whether a delegate runs it in the whole model; None where the runtime does not tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A model taken apart."""

    whole_ms: float
    """The model itself, visited in turn with its pieces."""
    operations: tuple[OperationTime, ...]
    partitions: int
    warnings: tuple[str, ...]

    @property
    def parts_ms(self) -> float:
        """Sum of the operations' times."""
        return sum(one.time_ms or 0.0 for one in self.operations)

    @property
    def error(self) -> float:
        """How far the sum of the parts is from the whole, as a fraction of the whole."""
        return self.parts_ms / self.whole_ms - 1 if self.whole_ms else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Visits:
    """Milliseconds of every run, by what was run."""

    pieces: dict[int, list[float]]
    nothing: list[float]
    whole: list[float]


def profile(case: Case, *, progress: Progress = silent) -> Profile:
    """Time of each operation of the case's model, in the case's runtime.

    Each operation is cut out, fed with the values it meets in the whole model, and timed; the
    cost of calling a model that does nothing is taken off. What a delegate gains by seeing
    several operations at once, and what it loses at its borders, is in the whole and not in the
    parts: that is the error stated.

    Raises:
        ModelError: the runtime refuses the model, or it has control flow.
        MissingDependencyError: no library here can cut a `.tflite`.
    """
    content = case.content()
    model = read_model(content)
    pieces = list(single_operations(content))
    inside = _values_inside(case, pieces)
    division = delegation_of(case)
    visits = _Visits(pieces={piece.index: [] for piece in pieces}, nothing=[], whole=[])
    for number in range(_PASSES):
        with ExitStack() as stack:
            _go_round(case, _open_pieces(case, pieces, inside, stack), visits)
        progress(number + 1, _PASSES, f"profiling {case.name}")
    idle_ms = _typical(visits.nothing)
    times = {
        index: max(0.0, _typical(found) - idle_ms) if found else None
        for index, found in visits.pieces.items()
    }
    found = Profile(
        whole_ms=max(0.0, _typical(visits.whole) - idle_ms),
        operations=_operations(model, times, division),
        partitions=division.partitions if division else 0,
        warnings=(),
    )
    return replace(found, warnings=warnings_about_parts(found, division, idle_ms))


def _typical(times_ms: list[float]) -> float:
    # Below the median: what disturbs a run only ever makes it longer.
    return float(np.percentile(times_ms, 20))


def _operations(
    model: TfliteModel, times: Mapping[int, float | None], division: Delegation | None
) -> tuple[OperationTime, ...]:
    costs = costs_of(model)
    taken = division.taken if division else None
    return tuple(
        OperationTime(
            index=operator.index,
            name=operator.name,
            output=model.tensors[operator.outputs[0]].name if operator.outputs else "",
            shape=model.tensors[operator.outputs[0]].shape if operator.outputs else (),
            arithmetic=str(arithmetic_of(operator, model)),
            time_ms=times.get(operator.index),
            multiply_adds=costs[operator.index].multiply_adds,
            delegated=operator.index in taken if taken is not None else None,
        )
        for operator in model.operators
        if operator.index in times
    )


def warnings_about_parts(
    found: Profile, division: Delegation | None, idle_ms: float
) -> tuple[str, ...]:
    """What makes these times doubtful; `idle_ms` is the cost of calling a model at all."""
    lines = []
    if found.whole_ms < idle_ms:
        lines.append(
            "calling the model costs more than running it: the times of its parts are noise"
        )
    elif abs(found.error) > _STATED_ERROR:
        plural = "s" if division and division.partitions != 1 else ""
        pieces = f" ({division.partitions} partition{plural})" if division else ""
        effect = (
            "gains by running them as one"
            if found.error > 0
            else "loses between them, at a delegate's borders and in the caches,"
        )
        lines.append(
            f"the parts are more than {_STATED_ERROR:.0%} off the whole: what the runtime{pieces} "
            f"{effect} is in the whole alone"
        )
    alone = [one.name for one in found.operations if one.time_ms is None]
    if alone:
        lines.append(f"could not be run alone: {', '.join(sorted(set(alone)))}")
    return tuple(lines)


def _values_inside(case: Case, pieces: list[Piece]) -> dict[int, NDArray[Any]]:
    """What the tensors hold that pieces start from, after one run of the whole model.

    Without delegates, which would keep their intermediate results to themselves.
    """
    wanted = {index for piece in pieces for index in piece.inputs}
    with Session(
        case.content(), runtime=case.runtime, xnnpack=False, keep_all_tensors=True
    ) as session:
        chance = np.random.default_rng(0)
        for spec in session.inputs:
            fill_random(session.view(spec), chance)
        session.invoke()
        return {index: session.tensor(index) for index in wanted}


@dataclass(frozen=True, slots=True)
class _Open:
    """A piece held open, with the values it starts from."""

    index: int
    session: Session
    values: tuple[NDArray[Any], ...]

    def run(self, clock_ns: Clock) -> float:
        # Written just before the run: in the whole model, the operation before has just done so.
        for spec, value in zip(self.session.inputs, self.values, strict=True):
            self.session.view(spec)[...] = value
        return _timed_ms(self.session, clock_ns)


def _open_pieces(
    case: Case, pieces: list[Piece], inside: Mapping[int, NDArray[Any]], stack: ExitStack
) -> list[_Open]:
    opened = []
    for piece in pieces:
        try:
            session = replace(case, model=piece.content).open()
            stack.callback(session.close)
            one = _Open(piece.index, session, tuple(inside[index] for index in piece.inputs))
            one.run(perf_counter_ns)
        except (ModelError, ValueError):
            # An operation that needs its neighbours (a custom one, or with run-time shapes).
            continue
        opened.append(one)
    return opened


def _go_round(case: Case, opened: list[_Open], visits: _Visits) -> None:
    """Run every piece in the model's order, then the whole model, again and again.

    One piece alone, run in a loop, would keep its weights in the cache, which no operation of a
    whole model can: measured so, the parts of MobileNetV2 add up to 85 % of it.
    """
    # One thread works in our own, whose clock stands still while another process has the core:
    # on a busy machine a whole model is interrupted more often than its parts.
    clock_ns = thread_time_ns if case.threads == 1 else perf_counter_ns
    chance = np.random.default_rng(0)
    with case.open() as whole, replace(case, model=PROBE.read_bytes()).open() as nothing:
        for spec in whole.inputs:
            fill_random(whole.view(spec), chance)
        whole.invoke()
        began, rounds = perf_counter_ns(), 0
        while rounds < _LEAST_ROUNDS or perf_counter_ns() - began < _PASS_NS:
            for one in opened:
                visits.pieces[one.index].append(one.run(clock_ns))
            visits.nothing.append(_timed_ms(nothing, clock_ns))
            visits.whole.append(_timed_ms(whole, clock_ns))
            rounds += 1


def _timed_ms(session: Session, clock_ns: Clock) -> float:
    start = clock_ns()
    session.invoke()
    return (clock_ns() - start) / 1e6
