"""Labels that hold still: smoothing over frames, and thresholds with hysteresis.

A label near its threshold would come and go with every frame; a relay or a message behind it
would chatter.
"""

import math
import re
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from edgevision.errors import UsageError
from edgevision.tasks.answer import LabelledItem

_FORGOTTEN = 1e-3
"""A smoothed score below this is as good as none; forgetting it keeps the memory flat."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Smoothing:
    """How a label's scores over the last frames become one number."""

    keep: float = 0.0
    """Exponential: the share of the old value kept at each frame, 0 (none) up to below 1."""
    votes: int = 0
    """N of `window`: the label was seen in at least so many of them; 0 for exponential."""
    window: int = 0


def parse_smoothing(text: str) -> Smoothing:
    """The smoothing that "none", "ema:0.8" or "3/5" (three of five frames) names.

    Raises:
        UsageError: it is none of these.
    """
    if text == "none":
        return Smoothing()
    if match := re.fullmatch(r"ema:(0?\.\d+|0)", text):
        return Smoothing(keep=float(match[1]))
    if (match := re.fullmatch(r"(\d{1,3})/(\d{1,3})", text)) and 1 <= int(match[1]) <= int(
        match[2]
    ):
        return Smoothing(votes=int(match[1]), window=int(match[2]))
    raise UsageError(
        f"unknown smoothing {text!r}", hint="none, ema:0.8 (share kept), or 3/5 (three of five)"
    )


class Hysteresis:
    """Follows every label; one that rises to `on` holds until it falls below `off`."""

    def __init__(self, smoothing: Smoothing, *, on: float, off: float) -> None:
        if not (math.isfinite(on) and math.isfinite(off) and 0 <= off <= on <= 1):
            message = f"thresholds must be 0 <= off <= on <= 1, got on {on} and off {off}"
            raise UsageError(message)
        self._smoothing = smoothing
        self._on, self._off = on, off
        self._smoothed: dict[str, float] = {}
        self._recent: deque[frozenset[str]] = deque(maxlen=smoothing.window or 1)
        self._holding: set[str] = set()

    def update(self, items: Iterable[LabelledItem]) -> tuple[str, ...]:
        """The labels that hold after one more frame, alphabetically."""
        best: dict[str, float] = {}
        for item in items:
            best[item.label] = max(item.score, best.get(item.label, 0.0))
        if self._smoothing.window:
            self._vote(best)
        else:
            self._average(best)
        return tuple(sorted(self._holding))

    def _average(self, best: dict[str, float]) -> None:
        keep = self._smoothing.keep
        for label in set(best) | set(self._smoothed):
            value = keep * self._smoothed.get(label, 0.0) + (1 - keep) * best.get(label, 0.0)
            if value < _FORGOTTEN:
                self._smoothed.pop(label, None)
            else:
                self._smoothed[label] = value
            self._decide(label, is_on=value >= self._on, is_off=value < self._off)

    def _vote(self, best: dict[str, float]) -> None:
        # A label that holds already keeps its vote down to the lower threshold.
        seen = {
            label
            for label, score in best.items()
            if score >= (self._off if label in self._holding else self._on)
        }
        self._recent.append(frozenset(seen))
        for label in seen | self._holding:
            votes = sum(label in labels for labels in self._recent)
            has_enough = votes >= self._smoothing.votes
            self._decide(label, is_on=has_enough, is_off=not has_enough)

    def _decide(self, label: str, *, is_on: bool, is_off: bool) -> None:
        if is_on:
            self._holding.add(label)
        elif is_off:
            self._holding.discard(label)
