"""A machine as unquiet as those that benchmarks run on, from a seed and with a fake clock."""

from collections.abc import Mapping
from itertools import cycle

import numpy as np

from edgevision.bench.timing.case import Case
from tests.bench.conftest import FakeClock, FakeModel

LAYOUT = 0.01
"""Deviation of what the place in memory does to a model's speed, for as long as it is open."""
JITTER = 0.02
"""Scale of the noise of single runs, which has heavy tails: once in a while, a multiple."""
DRIFT = 0.03
"""The machine grows slower by this share with each second."""
BURST = 1.5
"""What another program's burst of work makes of a run."""
BURSTS = 0.15
"""Share of the time it takes, in pieces of 20 ms."""
PIECES = 50


class BusyMachine:
    """Opens cases as models that take `true_ms` each, and whatever the machine adds."""

    def __init__(self, true_ms: Mapping[str, float], *, seed: int) -> None:
        chance = np.random.default_rng(seed)
        self.clock = FakeClock()
        self._true_ms = true_ms
        self._layout = cycle(np.exp(LAYOUT * chance.standard_normal(997)).tolist())
        # Longer than what was meant, almost always; Student's t with 3 degrees has no 4th moment.
        self._jitter = cycle((1 + JITTER * np.abs(chance.standard_t(3, 9973))).tolist())
        self._bursts = (chance.random(997) < BURSTS).tolist()

    def open(self, case: Case) -> FakeModel:
        """The case's model at a place in memory of its own."""
        placed_ns = self._true_ms[case.name] * 1e6 * next(self._layout)

        def cost_ns(_run: int) -> int:
            now_s = self.clock() / 1e9
            burst = BURST if self._bursts[int(now_s * PIECES) % len(self._bursts)] else 1.0
            return int(placed_ns * (1 + DRIFT * now_s) * burst * next(self._jitter))

        self.clock.now_ns += 5_000_000
        return FakeModel(self.clock, cost_ns, [], case.name)
