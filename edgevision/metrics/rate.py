"""A share of images, with Wilson's interval."""

import math
from dataclasses import dataclass

from edgevision.metrics.estimate import Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A share of `count` images, with its 95 % confidence interval."""

    hits: int
    count: int

    @property
    def value(self) -> float:
        """The share, 0 to 1; NaN when there are no images."""
        return self.hits / self.count if self.count else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson score interval at 95 %.

        Source: Wilson 1927, "Probable inference, the law of succession, and statistical
        inference", JASA 22(158).
        """
        if not self.count:
            return 0.0, 1.0
        z, n, p = 1.959964, self.count, self.value
        centre = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        # In floating point the ends can miss the share itself by a rounding at 0 % and 100 %.
        return max(0.0, min(p, centre - half)), min(1.0, max(p, centre + half))

    @property
    def estimate(self) -> Estimate:
        """The share as an `Estimate`, its counts included."""
        low, high = self.interval
        return Estimate(value=self.value, low=low, high=high, hits=self.hits, count=self.count)
