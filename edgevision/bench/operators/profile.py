"""Time per operation, from each operation run as a model of its own; no native tool needed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from time import perf_counter_ns, thread_time_ns
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgevision.bench.operators.delegation import Delegation, delegation_of
from edgevision.bench.operators.operator_times import Clock, OperatorTimes, time_operators
from edgevision.bench.timing.case import Case, Timeable
from edgevision.bench.timing.inputs import fill_random
from edgevision.progress import Progress, silent
from edgevision.runtime.session import Session
from edgevision.tflite.arithmetic import arithmetic_of
from edgevision.tflite.cost import costs_of
from edgevision.tflite.extract import Cut, cut_each
from edgevision.tflite.parse import parse
from edgevision.tflite.read import read_model
from edgevision.tflite.view import TfliteModel

_PASSES = 3
"""Fresh starts of all pieces: where memory happens to lie changes with each."""
_NONE_REFUSED: Mapping[int, str] = MappingProxyType({})
STATED_ERROR = 0.15
"""The parts add up to the whole within this, or the profile says that they do not."""


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
    """Times of a model, operation by operation."""

    whole_ms: float
    """The model itself, run in turn with its pieces."""
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


def profile(
    case: Case,
    *,
    open_case: Callable[[Case], Timeable] = Case.open,
    clock_ns: Clock | None = None,
    progress: Progress = silent,
) -> Profile:
    """Time of each operation of the case's model, in the case's runtime.

    Each operation is cut out, fed with the values it meets in the whole model, and timed; the
    cost of calling a model that does nothing is taken off. What a delegate gains by seeing
    several operations at once, and what it loses at its borders, is in the whole and not in the
    parts: that is the error stated.

    Args:
        case: What to take apart.
        open_case: Opens the pieces and the whole.
        clock_ns: By default, with one thread, that of ours, which does the work: it stands still
            while another process has the core, and on a busy machine a whole model is interrupted
            more often than its parts. With several threads, the wall's.
        progress: Told of passes.

    Raises:
        ModelError: the runtime refuses the model, or it has control flow.
        MissingDependencyError: no library here can cut a `.tflite`.
    """
    content = case.content()
    model = read_model(content)
    pieces = list(cut_each(parse(content)))
    inside = _values_inside(case, pieces)
    division = delegation_of(case)
    clock_ns = clock_ns or (thread_time_ns if case.threads == 1 else perf_counter_ns)
    runs = OperatorTimes()
    for number in range(_PASSES):
        time_operators(case, pieces, inside, runs, open_case=open_case, clock_ns=clock_ns)
        progress(number + 1, _PASSES, f"profiling {case.name}")
    idle_ms = _typical(runs.nothing)
    times = {
        index: max(0.0, _typical(runs.pieces[index]) - idle_ms) if index in runs.pieces else None
        for index in (piece.operators[0] for piece in pieces)
    }
    found = Profile(
        whole_ms=max(0.0, _typical(runs.whole) - idle_ms),
        operations=_operations(model, times, division),
        partitions=division.partitions if division else 0,
        warnings=(),
    )
    return replace(found, warnings=warnings_about_parts(found, division, idle_ms, runs.refused))


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
    found: Profile,
    division: Delegation | None,
    idle_ms: float,
    refused: Mapping[int, str] = _NONE_REFUSED,
) -> tuple[str, ...]:
    """What makes these times doubtful.

    `idle_ms` is the cost of calling a model at all; `refused` says why operations, by their index,
    could not be run alone.
    """
    lines = []
    if found.whole_ms < idle_ms:
        lines.append(
            "calling the model costs more than running it: the times of its parts are noise"
        )
    elif abs(found.error) > STATED_ERROR:
        plural = "s" if division and division.partitions != 1 else ""
        pieces = f" ({division.partitions} partition{plural})" if division else ""
        effect = (
            "gains by running them as one"
            if found.error > 0
            else "loses between them, at a delegate's borders and in the caches,"
        )
        lines.append(
            f"the parts are more than {STATED_ERROR:.0%} off the whole: what the runtime{pieces} "
            f"{effect} is in the whole alone"
        )
    reasons: dict[str, str] = {}
    for one in found.operations:
        if one.time_ms is None:
            reasons.setdefault(one.name, refused.get(one.index, ""))
    for name, reason in sorted(reasons.items()):
        lines.append(f"{name} could not be run alone" + (f": {reason[:200]}" if reason else ""))
    return tuple(lines)


def _values_inside(case: Case, pieces: list[Cut]) -> dict[int, NDArray[Any]]:
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
