"""From values to positions in a picture, and where the ticks go."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from edgevision.report.markup import Markup, join, tag


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """Maps `low`..`high` to pixels `begin`..`end`."""

    low: float
    high: float
    begin: float
    end: float
    is_log: bool = False

    def __call__(self, value: float) -> float:
        """Position of a value; values outside are drawn at the edge."""
        low, high, inside = self.low, self.high, min(max(value, self.low), self.high)
        if self.is_log:
            low, high, inside = math.log(low), math.log(high), math.log(inside)
        share = (inside - low) / (high - low) if high > low else 0.5
        return self.begin + share * (self.end - self.begin)

    @property
    def ticks(self) -> tuple[float, ...]:
        """Round values within the range; evenly spaced ones on a log axis of less than a decade."""
        if self.is_log:
            first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
            for digits in ((1, 2, 5), (1, 3), (1,)):
                found = [
                    digit * 10.0**power for power in range(first, last + 1) for digit in digits
                ]
                inside = tuple(tick for tick in found if self.low <= tick <= self.high)
                if len(inside) <= 9:
                    break
            if len(inside) >= 4:
                return inside
        step = _round_step((self.high - self.low) / 5)
        first_tick = math.ceil(self.low / step - 1e-9)
        count = math.floor(self.high / step + 1e-9) - first_tick
        return tuple((first_tick + index) * step for index in range(count + 1))


def spanning(
    values: Sequence[float], begin: float, end: float, *, is_log: bool = False, margin: float = 0.06
) -> Axis:
    """An axis that holds all values with some air around them."""
    low, high = min(values), max(values)
    if is_log:
        air = (high / low) ** margin if high > low else 1.3
        return Axis(low=low / air, high=high * air, begin=begin, end=end, is_log=True)
    air = (high - low) * margin if high > low else max(abs(high) * 0.1, 0.5)
    return Axis(low=low - air, high=high + air, begin=begin, end=end)


def horizontal(axis: Axis, y: float, top: float, label: str) -> Markup:
    """Ticks, grid lines up to `top`, and the label of an x axis at height `y`."""
    marks = [
        join(
            tag("line", x1=axis(t), x2=axis(t), y1=top, y2=y, class_="grid"),
            tag("text", number(t), x=axis(t), y=y + 14, text_anchor="middle"),
        )
        for t in axis.ticks
    ]
    middle = (axis.begin + axis.end) / 2
    return join(*marks, tag("text", label, x=middle, y=y + 30, text_anchor="middle", class_="axis"))


def vertical(axis: Axis, x: float, right: float, label: str) -> Markup:
    """Ticks, grid lines to `right`, and the label of a y axis at `x`."""
    marks = [
        join(
            tag("line", x1=x, x2=right, y1=axis(t), y2=axis(t), class_="grid"),
            tag("text", number(t), x=x - 6, y=axis(t) + 4, text_anchor="end"),
        )
        for t in axis.ticks
    ]
    return join(
        *marks, tag("text", label, x=x - 34, y=min(axis.begin, axis.end) - 8, class_="axis")
    )


def number(value: float) -> str:
    """A tick's label: 0.05, 2, 100."""
    return f"{value:.4g}" if abs(value) < 1e5 else f"{value:.2e}"


def _round_step(rough: float) -> float:
    if rough <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * digit for digit in (1, 2, 5, 10) if power * digit >= rough * 0.999)
