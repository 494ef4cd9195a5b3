"""A clock that a test moves, and models that take as long as they are told."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edgevision.bench.timing.case import Case
from edgevision.runtime.session import TensorSpec

PROBE = Path(__file__).parents[2] / "edgevision/runtime/probe.tflite"
"""relu(x + 1) on float32 [1, 4]."""


@dataclass
class FakeClock:
    now_ns: int = 0

    def __call__(self) -> int:
        return self.now_ns


@dataclass
class FakeModel:
    """Takes `cost_ns(n)` for its n-th run since it was opened, on the clock given."""

    clock: FakeClock
    cost_ns: Callable[[int], int]
    log: list[str]
    name: str
    runtime: str = "fake 1.0"
    runs: int = 0
    memory: NDArray[Any] = field(default_factory=lambda: np.zeros((1, 4), np.uint8))

    @property
    def inputs(self) -> tuple[TensorSpec, ...]:
        return (
            TensorSpec(
                index=0, name="in", shape=(1, 4), dtype=np.dtype(np.uint8), quantization=None
            ),
        )

    def view(self, _spec: TensorSpec) -> NDArray[Any]:
        return self.memory

    def invoke(self) -> None:
        self.log.append(self.name)
        self.clock.now_ns += self.cost_ns(self.runs)
        self.runs += 1

    def close(self) -> None:
        self.log.append(f"close {self.name}")


@dataclass
class FakeWorld:
    """Opens cases as fake models; `costs` says how long each takes."""

    costs: dict[str, Callable[[int], int]]
    open_ns: int = 5_000_000
    clock: FakeClock = field(default_factory=FakeClock)
    log: list[str] = field(default_factory=list)

    def open(self, case: Case) -> FakeModel:
        self.clock.now_ns += self.open_ns
        self.log.append(f"open {case.name}")
        return FakeModel(self.clock, self.costs[case.name], self.log, case.name)


@pytest.fixture
def probe() -> Path:
    return PROBE
