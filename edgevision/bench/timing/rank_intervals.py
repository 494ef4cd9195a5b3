"""Distribution-free confidence intervals from ranks: Wilcoxon's signed-rank and rank-sum tests.

Source: Hollander & Wolfe, Nonparametric Statistical Methods, sections 3.2, 3.3, 4.2 and 4.3.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

import numpy as np

from edgevision.bench.timing.sorted_sums import SortedSums

_EXACT_SIGNED = 200
"""Values up to which the signed-rank distribution is counted, not approximated."""
_EXACT_SMALLER, _EXACT_PRODUCT = 20, 10_000
"""The same for two samples: the smaller one, or both sizes multiplied."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A centre with its confidence interval."""

    centre: float
    """NaN when a value is no finite number."""
    low: float | None
    """None when there are too few values for the confidence asked."""
    high: float | None


_UNKNOWN = Interval(centre=math.nan, low=None, high=None)


def signed_rank_interval(values: Sequence[float], confidence: float) -> Interval:
    """Centre of a symmetric distribution: Hodges and Lehmann's estimate and its interval.

    The centre is the median of all pairwise means; the ends are those pairwise means that the
    signed-rank test would just not reject.
    """
    if not all(map(math.isfinite, values)):
        return _UNKNOWN
    ordered = np.sort(np.array(values, np.float64))
    sums = SortedSums(rows=ordered, columns=ordered, begin=np.arange(len(ordered)))
    cut = signed_rank_cut(len(values), (1 - confidence) / 2)
    return _interval(sums, cut, lambda total: total / 2)


def rank_sum_interval(
    before: Sequence[float], after: Sequence[float], confidence: float
) -> Interval:
    """How far the distribution of `after` lies above that of `before`, of the same shape.

    The centre is the median of all differences of one of each; the ends are those differences
    that the rank-sum test would just not reject.
    """
    if not all(map(math.isfinite, (*before, *after))):
        return _UNKNOWN
    sums = SortedSums(
        rows=np.sort(np.array(after, np.float64)),
        columns=np.sort(-np.array(before, np.float64)),
        begin=np.zeros(len(after), np.int64),
    )
    cut = rank_sum_cut(len(before), len(after), (1 - confidence) / 2)
    return _interval(sums, cut, lambda total: total)


def _interval(sums: SortedSums, cut: int, value_of: Callable[[float], float]) -> Interval:
    middle = [sums.smallest(index) for index in {(len(sums) - 1) // 2, len(sums) // 2}]
    centre = float(np.median([value_of(one) for one in middle]))
    if cut == 0:
        return Interval(centre=centre, low=None, high=None)
    return Interval(
        centre=centre,
        low=value_of(sums.smallest(cut - 1)),
        high=value_of(sums.smallest(len(sums) - cut)),
    )


@lru_cache
def signed_rank_cut(count: int, tail: float) -> int:
    """The largest k with P(W < k) <= `tail` for the signed-rank statistic W of `count` values.

    Exact up to 200 values; above by `_cut_by_moments`.
    """
    most = count * (count + 1) // 2
    if count > _EXACT_SIGNED:
        squares = most * (2 * count + 1) / 3
        fourths = squares * (3 * count**2 + 3 * count - 1) / 5
        # Each rank counts or does not, with equal chance.
        return _cut_by_moments(most / 2, squares / 4, -2 * fourths / squares**2, tail)
    bits = count + 1
    # Every rank r is in the sum or not: the product of 1 + x^r, at x = 2^bits.
    product = 1
    for rank in range(1, count + 1):
        product += product << (rank * bits)
    return _cut(_coefficients(product, bits, most + 1), tail * 2**count)


@lru_cache
def rank_sum_cut(ours: int, theirs: int, tail: float) -> int:
    """The largest k with P(U < k) <= `tail` for Mann and Whitney's U of two samples.

    Exact for 100 values and 100, and where one sample has 20 or fewer; else by `_cut_by_moments`.
    """
    fewer, more = sorted((ours, theirs))
    if fewer > _EXACT_SMALLER and fewer * more > _EXACT_PRODUCT:
        both, pairs = fewer + more, fewer * more
        kurtosis = -1.2 * (both**2 - pairs + both) / (pairs * (both + 1))
        return _cut_by_moments(pairs / 2, pairs * (both + 1) / 12, kurtosis, tail)
    orders = math.comb(fewer + more, fewer)
    bits = orders.bit_length()
    # `tail` is below one half, and U symmetric.
    terms = fewer * more // 2 + 1
    mask = (1 << (terms * bits)) - 1
    # Gauss's binomial: the product of (1 - x^(more + i)) / (1 - x^i), at x = 2^bits, modulo
    # x^terms. Between the steps coefficients may be negative or long; the last ones fit.
    product = 1
    for i in range(1, fewer + 1):
        step = i
        while step < terms:
            # 1 / (1 - x^i) is the product of 1 + x^i, 1 + x^2i, 1 + x^4i ...
            product += product << (step * bits)
            product &= mask
            step *= 2
        product -= product << ((more + i) * bits)
        product &= mask
    return _cut(_coefficients(product, bits, terms), tail * orders)


def _coefficients(polynomial: int, bits: int, terms: int) -> Iterator[int]:
    """Coefficients of a polynomial, the lowest first, from its value at 2^bits."""
    digits = f"{polynomial:0{terms * bits}b}"
    for index in range(terms):
        end = len(digits) - index * bits
        yield int(digits[end - bits : end], 2)


def _cut(counts: Iterator[int], allowed: float) -> int:
    below, cut = 0, 0
    for number in counts:
        below += number
        if below > allowed:
            break
        cut += 1
    return cut


def _cut_by_moments(mean: float, variance: float, kurtosis: float, tail: float) -> int:
    """The cut of a symmetric statistic on the whole numbers, from its moments.

    The normal quantile with Cornish and Fisher's term for the excess kurtosis, which leaves an
    error of the order of one over the sample size squared: measured where the exact counts end,
    and for tails of 0.005 to 0.1, the cut is at most 1 of thousands off.
    """
    z = NormalDist().inv_cdf(tail)
    z += (z**3 - 3 * z) * kurtosis / 24
    # P(W < k) is the area to the left of k - 1/2.
    return max(0, math.floor(mean + math.sqrt(variance) * z + 0.5))
