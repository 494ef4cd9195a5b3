"""Running for minutes: a board is fast until it is hot, and the product lives with what is left."""

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter_ns

import numpy as np

from edgevision.bench.machine.sensors import Reading, read_sensors
from edgevision.bench.timing.case import Case, Timeable
from edgevision.bench.timing.inputs import fill_random
from edgevision.progress import Progress, silent

_EVERY_NS = 1_000_000_000
"""One point a second: heat does not change faster."""
_BURST_SECONDS = 10
"""What a demo shows: the first seconds of a cold board."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One second of running."""

    at_s: float
    runs: int
    p50_ms: float
    max_ms: float
    reading: Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Sustained:
    """A model run without a pause."""

    name: str
    points: tuple[Point, ...]
    missing: tuple[str, ...]
    """What this machine does not tell, and why: "temperature (no thermal_zone in ...)"."""

    @property
    def burst_ms(self) -> float:
        """Median of the first ten seconds."""
        return _median([point for point in self.points if point.at_s <= _BURST_SECONDS])

    @property
    def steady_ms(self) -> float:
        """Median of the last third."""
        return _median(self.points[-max(1, len(self.points) // 3) :])

    @property
    def limits(self) -> tuple[str, ...]:
        """What slowed the board at any moment, in words."""
        return tuple(sorted({word for point in self.points for word in point.reading.limits}))

    def __str__(self) -> str:
        """Burst and steady state in one line."""
        hottest = [p.reading.temperature_c for p in self.points if p.reading.temperature_c]
        line = (
            f"{self.name}: {self.burst_ms:.3g} ms in the first {_BURST_SECONDS} s, "
            f"{self.steady_ms:.3g} ms in the last third of {self.points[-1].at_s:.0f} s "
            f"({self.steady_ms / self.burst_ms - 1:+.0%})"
        )
        parts = [line]
        if hottest:
            parts.append(f"at most {max(hottest):.0f} °C")
        governors = sorted({p.reading.governor for p in self.points if p.reading.governor})
        if governors:
            parts.append(f"governor {', '.join(governors)}")
        if self.limits:
            parts.append(f"slowed by {', '.join(self.limits)}")
        if self.missing:
            parts.append(f"not told by this machine: {', '.join(self.missing)}")
        return "; ".join(parts)


def sustain(
    case: Case,
    seconds: float,
    *,
    open_case: Callable[[Case], Timeable] = Case.open,
    sense: Callable[[], tuple[Reading, tuple[str, ...]]] = read_sensors,
    clock_ns: Callable[[], int] = perf_counter_ns,
    progress: Progress = silent,
) -> Sustained:
    """Run one case for `seconds`, looking at the board every second.

    Raises:
        ModelError: the runtime refuses the model.
    """
    model = open_case(case)
    try:
        for spec in model.inputs:
            fill_random(model.view(spec), np.random.default_rng(0))
        model.invoke()
        points: list[Point] = []
        missing: dict[str, None] = {}
        began = clock_ns()
        total = max(1, round(seconds))
        progress(0, total, f"sustaining {case.name}")
        # One look at least, also on a machine that stood still for all of `seconds`.
        while not points or (clock_ns() - began) / 1e9 < seconds:
            point, unread = _second(model, began, sense, clock_ns)
            points.append(point)
            missing |= dict.fromkeys(unread)
            progress(min(total, round(points[-1].at_s)), total, f"sustaining {case.name}")
    finally:
        model.close()
    return Sustained(name=case.name, points=tuple(points), missing=tuple(missing))


def _second(
    model: Timeable,
    began: int,
    sense: Callable[[], tuple[Reading, tuple[str, ...]]],
    clock_ns: Callable[[], int],
) -> tuple[Point, tuple[str, ...]]:
    times: list[int] = []
    until = clock_ns() + _EVERY_NS
    while not times or clock_ns() < until:
        start = clock_ns()
        model.invoke()
        times.append(clock_ns() - start)
    reading, missing = sense()
    point = Point(
        at_s=(clock_ns() - began) / 1e9,
        runs=len(times),
        p50_ms=float(np.median(times)) / 1e6,
        max_ms=max(times) / 1e6,
        reading=reading,
    )
    return point, missing


def _median(points: "list[Point] | tuple[Point, ...]") -> float:
    # Weighted by runs, or a second with two slow runs would count as much as one with a hundred.
    weighted = np.repeat([p.p50_ms for p in points], [p.runs for p in points])
    return float(np.median(weighted))
