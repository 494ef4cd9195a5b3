"""Do two halves of a set give the same ranges? If not, there are too few images, or odd ones."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from edgevision.dataset.imageset import Item

Range = tuple[float, float]
RangesOf = Callable[[Sequence[Item]], Mapping[str, Range]]
"""For some items: by tensor, the mean over images of the smallest and of the largest value.

Means, because the extremes over all images hang on one odd photo: of two times 50 photos in
MobileNetV2 the worst tensor overlapped by 0.77 by means, by 0.45 by extremes.
"""

STABLE_OVERLAP = 0.8
"""Share of the joint range that both halves must cover."""

UNSTABLE_SHARE = 0.15
"""More tensors than this share below STABLE_OVERLAP make a set unstable. MobileNetV2 on ImageNet
photos has 0.09 to 0.14 with 50 or 100 of them, and mostly about 0.3 with 10 or fewer
(benchmarks/calibration_stability.py)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stability:
    """How well the ranges of two halves agree."""

    overlaps: Mapping[str, float]
    """By tensor, 0 (apart) to 1 (equal)."""

    @property
    def unstable(self) -> tuple[str, ...]:
        """Tensors below STABLE_OVERLAP, the worst first."""
        low = [name for name, overlap in self.overlaps.items() if overlap < STABLE_OVERLAP]
        return tuple(sorted(low, key=lambda name: self.overlaps[name]))

    @property
    def is_stable(self) -> bool:
        """Whether few enough tensors are unstable."""
        return len(self.unstable) <= UNSTABLE_SHARE * len(self.overlaps)


def measure_stability(items: Sequence[Item], ranges_of: RangesOf) -> Stability:
    """Stability of the ranges of `items` (at least 2), halved the same way on every machine."""
    # By digest and not by place: a set may be sorted by class, or by the day of the photo.
    shuffled = sorted(items, key=lambda item: hashlib.sha256(item.id.encode()).digest())
    one, other = ranges_of(shuffled[::2]), ranges_of(shuffled[1::2])
    return Stability(overlaps={name: overlap(one[name], other[name]) for name in one})


def overlap(one: Range, other: Range) -> float:
    """What both ranges cover as a share of what either covers: 0 to 1."""
    joint = max(one[1], other[1]) - min(one[0], other[0])
    if joint <= 0:
        return 1.0
    return max(0.0, min(one[1], other[1]) - max(one[0], other[0])) / joint
