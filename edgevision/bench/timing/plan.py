"""How long to measure: a plan is data, so that a result can say how it was made."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TimingPlan:
    """How often and how long each model is run.

    A round opens every model afresh, in a shuffled order, because where an interpreter's memory
    happens to lie moves its speed by a percent or more: within one open interpreter, more runs
    never average that away.
    """

    rounds: int = 10
    """Fresh starts of every model; the unit of evidence when two models are compared. Below six no
    95 % interval exists: 2 of 2^5 sign patterns are already 6 %."""
    seconds: float = 2.0
    """Timed running per model, over all rounds together."""
    least_runs: int = 50
    """Timed runs per model at least, however slow it is; litert-benchmark's default."""
    most_runs: int = 20_000
    """Timed runs per model at most, unless `least_runs` is more: a p99 of 200 runs above it."""
    warmup_runs: int = 5
    """Runs before timing in each round at least; litert-benchmark's default."""
    warmup_seconds: float = 0.03
    """Warm up this long at least: a clock governor reacts within about 10 ms."""
    block_seconds: float = 0.05
    """Models take turns after this long, so that all see the same weather on the machine."""
    seed: int = 0
    """Of the order of the models and of the random input values."""

    def __post_init__(self) -> None:
        for name in ("rounds", "least_runs", "most_runs"):
            if getattr(self, name) < 1:
                message = f"{name} must be at least 1, got {getattr(self, name)}"
                raise ValueError(message)
        for name in ("seconds", "warmup_runs", "warmup_seconds", "block_seconds"):
            if getattr(self, name) < 0:
                message = f"{name} must not be negative, got {getattr(self, name)}"
                raise ValueError(message)
