"""Operators as models of their own, and the whole model, held open together and timed in turns."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgevision.bench.timing.case import Case, Timeable
from edgevision.bench.timing.inputs import fill_random
from edgevision.errors import ModelError
from edgevision.runtime.loader import PROBE
from edgevision.tflite.extract import Cut

_PASS_NS = 600_000_000
_LEAST_ROUNDS = 15

Clock = Callable[[], int]
"""Nanoseconds since some moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorTimes:
    """Milliseconds of every run, by what was run."""

    pieces: dict[int, list[float]] = field(default_factory=dict)
    """By index of the operation; absent when it could not be run alone."""
    refused: dict[int, str] = field(default_factory=dict)
    """Why an operation could not be run alone, by its index."""
    nothing: list[float] = field(default_factory=list)
    """A model that does next to nothing: what a call costs."""
    whole: list[float] = field(default_factory=list)


def time_operators(
    case: Case,
    pieces: Sequence[Cut],
    inside: Mapping[int, NDArray[Any]],
    times: OperatorTimes,
    *,
    open_case: Callable[[Case], Timeable],
    clock_ns: Clock,
) -> None:
    """Open all pieces, run each in the model's order, then the whole, again and again.

    One piece alone, run in a loop, would keep its weights in the cache, which no operation of a
    whole model can: measured so, the parts of MobileNetV2 add up to 85 % of it.

    Args:
        case: The whole, and how it and its pieces are run.
        pieces: Its operations, one each.
        inside: What the tensors hold that the pieces start from.
        times: Where they are put.
        open_case: Opens a case.
        clock_ns: Tells the times, and when it is enough.
    """
    with ExitStack() as stack:

        def hold(content: bytes) -> Timeable:
            session = open_case(replace(case, model=content))
            stack.callback(session.close)
            return session

        opened = _open_pieces(pieces, inside, times, hold, clock_ns)
        nothing, whole = hold(PROBE.read_bytes()), hold(case.content())
        chance = np.random.default_rng(0)
        for spec in whole.inputs:
            fill_random(whole.view(spec), chance)
        whole.invoke()
        began, rounds = clock_ns(), 0
        while rounds < _LEAST_ROUNDS or clock_ns() - began < _PASS_NS:
            for one in opened:
                times.pieces.setdefault(one.index, []).append(one.run(clock_ns))
            times.nothing.append(_timed_ms(nothing, clock_ns))
            times.whole.append(_timed_ms(whole, clock_ns))
            rounds += 1


@dataclass(frozen=True, slots=True)
class _Open:
    """A piece held open, with the values it starts from."""

    index: int
    session: Timeable
    values: tuple[NDArray[Any], ...]

    def run(self, clock_ns: Clock) -> float:
        # Written just before the run: in the whole model, the operation before has just done so.
        for spec, value in zip(self.session.inputs, self.values, strict=True):
            self.session.view(spec)[...] = value
        return _timed_ms(self.session, clock_ns)


def _open_pieces(
    pieces: Sequence[Cut],
    inside: Mapping[int, NDArray[Any]],
    times: OperatorTimes,
    hold: Callable[[bytes], Timeable],
    clock_ns: Clock,
) -> list[_Open]:
    opened = []
    for piece in pieces:
        try:
            session = hold(piece.content)
            one = _Open(piece.operators[0], session, tuple(inside[index] for index in piece.inputs))
            one.run(clock_ns)
        except (ModelError, ValueError) as error:
            # An operation that needs its neighbours (a custom one, or with run-time shapes).
            times.refused[piece.operators[0]] = str(error)
            continue
        opened.append(one)
    return opened


def _timed_ms(session: Timeable, clock_ns: Clock) -> float:
    start = clock_ns()
    session.invoke()
    return (clock_ns() - start) / 1e6
