"""One type for every figure measured on a sample: its value and its 95 % interval."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A figure measured on a sample, with its 95 % confidence interval.

    Rates have Wilson's interval (`metrics.rate`), everything else a bootstrap over images
    (`metrics.bootstrap`).
    """

    value: float
    """NaN when there was nothing to measure."""
    low: float | None = None
    """None, as `high`, where there is no interval: a maximum has none."""
    high: float | None = None
    hits: int | None = None
    """Of a rate: how many of `count`."""
    count: int | None = None
    """What was sampled, images as a rule; None when the figure is no statistic of a sample."""

    def __post_init__(self) -> None:
        if (self.low is None) != (self.high is None):
            message = f"an interval has two ends, got {self.low} and {self.high}"
            raise ValueError(message)
