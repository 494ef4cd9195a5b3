"""A processor that takes as long for each operation as a test says; models really run on it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from edgevision.bench.timing.case import Case
from edgevision.runtime.loader import PROBE
from edgevision.runtime.session import Session, TensorSpec
from edgevision.tflite.read import read_model
from edgevision.tflite.view import Operator, TfliteModel
from tests.bench.conftest import FakeClock

OperationCost = Callable[[Operator, TfliteModel], float]
"""Milliseconds."""


@dataclass
class Costly:
    """An open model whose runs take `cost_ms(n)`, n counting from 0."""

    session: Session
    clock: FakeClock
    cost_ms: Callable[[int], float]
    runs: int = 0

    @property
    def runtime(self) -> str:
        return self.session.runtime

    @property
    def inputs(self) -> tuple[TensorSpec, ...]:
        return self.session.inputs

    def view(self, spec: TensorSpec) -> NDArray[Any]:
        return self.session.view(spec)

    def invoke(self) -> None:
        self.session.invoke()
        self.clock.now_ns += round(self.cost_ms(self.runs) * 1e6)
        self.runs += 1

    def close(self) -> None:
        self.session.close()


@dataclass
class KnownProcessor:
    cost_ms: OperationCost
    call_ms: float = 0.1
    """What calling any model costs."""
    between_ms: float = 0.0
    """What a model of several operations takes beyond their sum; below 0 when they gain."""
    interruption_ms: float = 0.0
    """Added to every third run."""
    clock: FakeClock = field(default_factory=FakeClock)

    def open(self, case: Case) -> Costly:
        content = case.content()
        model = read_model(content)
        took_ms = self.call_ms
        if content != PROBE.read_bytes():
            took_ms += sum(self.cost_ms(operator, model) for operator in model.operators)
        if len(model.operators) > 1:
            took_ms += self.between_ms

        def cost_ms(run: int) -> float:
            return took_ms + (self.interruption_ms if run % 3 == 2 else 0.0)

        return Costly(case.open(), self.clock, cost_ms)
