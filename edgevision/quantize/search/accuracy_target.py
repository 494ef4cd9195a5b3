"""An accuracy target, the trials of a search for it, and what the search found."""

from dataclasses import dataclass
from typing import Literal

from edgevision.quantize.quantize import QuantizedModel


@dataclass(frozen=True, slots=True, kw_only=True)
class AccuracyTarget:
    """What must hold on the evaluation images."""

    kind: Literal["agreement", "drop"]
    """agreement: how far answers agree with the float model's, at least. drop: what is lost of the
    score against truth, at most. What the two mean is the caller's to measure."""
    threshold: float

    def is_met(self, value: float) -> bool:
        """Whether a measured `value` is good enough."""
        return self.merit(value) >= self.merit(self.threshold)

    def merit(self, value: float) -> float:
        """A measured `value` as a number of which more is better."""
        return value if self.kind == "agreement" else -value


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetMeasurement:
    """The goal's quantity of one file, with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetTrial:
    """One file that was tried."""

    name: str
    float_operators: int
    measured: TargetMeasurement
    met: bool
    size_bytes: int
    median_ms: float | None = None
    """Latency where files are timed, interleaved with the other finalists; None when not timed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetSearch:
    """What came of the search."""

    model: QuantizedModel
    """The cheapest that meets the goal; the most accurate when none does."""
    met: bool
    trials: tuple[TargetTrial, ...]
    hurting: tuple[str, ...]
    """Names of the tensors written by the operators that hurt most, worst first."""
