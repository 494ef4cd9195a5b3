"""The intervals against those counted and sorted in full, and what they take for many rounds."""

import itertools
import math
import tracemalloc
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edgevision.bench.timing import rank_intervals
from edgevision.bench.timing.rank_intervals import (
    Interval,
    rank_sum_cut,
    rank_sum_interval,
    signed_rank_cut,
    signed_rank_interval,
)
from edgevision.bench.timing.sorted_sums import SortedSums

TAILS = (0.005, 0.01, 0.025, 0.05, 0.1)
CONFIDENCES = st.sampled_from([0.8, 0.9, 0.95, 0.99])
# Ties, and numbers that are rounded when added.
NUMBERS = st.one_of(st.floats(-5, 5), st.integers(-3, 3).map(float))


def counted_signed_ranks(count: int) -> list[int]:
    """How many sets of ranks have each sum."""
    ways = [1]
    for rank in range(1, count + 1):
        longer = [*ways, *([0] * rank)]
        for total, number in enumerate(ways):
            longer[total + rank] += number
        ways = longer
    return ways


@lru_cache
def counted_orders(ours: int, theirs: int) -> tuple[int, ...]:
    """Orders of two samples in which U is 0, 1, 2, ..."""
    if not ours or not theirs:
        return (1,)
    # The largest of all is one of theirs, or one of ours, which then beats all of theirs.
    one, other = counted_orders(ours, theirs - 1), counted_orders(ours - 1, theirs)
    found = [0] * (ours * theirs + 1)
    for u, number in enumerate(one):
        found[u] += number
    for u, number in enumerate(other):
        found[u + theirs] += number
    return tuple(found)


def cut_of(counts: Sequence[int], tail: float) -> int:
    allowed, below = tail * sum(counts), itertools.accumulate(counts)
    return sum(1 for _ in itertools.takewhile(lambda total: total <= allowed, below))


def sorted_in_full(values: list[float], cut: int) -> Interval:
    ordered = sorted(values)
    return Interval(
        centre=float(np.median(ordered)),
        low=ordered[cut - 1] if cut else None,
        high=ordered[-cut] if cut else None,
    )


@settings(deadline=None)
@given(st.lists(NUMBERS, min_size=1, max_size=30), CONFIDENCES)
def test_the_interval_of_one_sample_is_that_of_all_pairwise_means(
    values: list[float], confidence: float
) -> None:
    means = [(a + b) / 2 for i, a in enumerate(values) for b in values[i:]]
    cut = cut_of(counted_signed_ranks(len(values)), (1 - confidence) / 2)
    assert signed_rank_interval(values, confidence) == sorted_in_full(means, cut)


@settings(deadline=None)
@given(
    st.lists(NUMBERS, min_size=1, max_size=15),
    st.lists(NUMBERS, min_size=1, max_size=15),
    CONFIDENCES,
)
def test_the_interval_of_two_samples_is_that_of_all_differences(
    before: list[float], after: list[float], confidence: float
) -> None:
    differences = [b - a for a in before for b in after]
    cut = cut_of(counted_orders(len(before), len(after)), (1 - confidence) / 2)
    assert rank_sum_interval(before, after, confidence) == sorted_in_full(differences, cut)


@given(st.lists(st.floats(-5, 5), min_size=6, max_size=9))
def test_the_interval_is_what_the_signed_rank_test_does_not_reject(values: list[float]) -> None:
    # By brute force over all sign patterns: neither of the two ways of counting.
    found = signed_rank_interval(values, 0.9)
    n = len(values)
    totals = [
        sum(s * r for s, r in zip(signs, range(1, n + 1), strict=True))
        for signs in itertools.product((0, 1), repeat=n)
    ]
    cut = max(k for k in range(n * (n + 1)) if sum(t < k for t in totals) <= 0.05 * 2**n)
    means = sorted((a + b) / 2 for i, a in enumerate(values) for b in values[i:])
    assert (found.low, found.high) == (means[cut - 1], means[-cut])
    assert means[cut - 1] <= found.centre <= means[-cut]


@pytest.mark.parametrize("tail", TAILS)
def test_the_distributions_are_those_counted_one_by_one(tail: float) -> None:
    for count in (*range(1, 30), 60, 100):
        assert signed_rank_cut(count, tail) == cut_of(counted_signed_ranks(count), tail)
    for ours, theirs in itertools.product((1, 2, 5, 12), (1, 3, 12, 25)):
        assert rank_sum_cut(ours, theirs, tail) == cut_of(counted_orders(ours, theirs), tail)


def test_five_rounds_give_no_interval_at_95_percent() -> None:
    found = signed_rank_interval([1.0, 2.0, 3.0, 4.0, 5.0], 0.95)
    assert (found.low, found.high) == (None, None)


@pytest.mark.parametrize("tail", TAILS)
def test_the_approximation_begins_where_it_is_as_good_as_exact(
    monkeypatch: pytest.MonkeyPatch, tail: float
) -> None:
    signed = {count: signed_rank_cut(count, tail) for count in (150, 200)}
    sizes = ((20, 501), (100, 100), (40, 250))
    two = {pair: rank_sum_cut(*pair, tail) for pair in sizes}
    for name in ("_EXACT_SIGNED", "_EXACT_SMALLER", "_EXACT_PRODUCT"):
        monkeypatch.setattr(rank_intervals, name, 0)
    signed_rank_cut.cache_clear()
    rank_sum_cut.cache_clear()
    for count, exact in signed.items():
        assert abs(signed_rank_cut(count, tail) - exact) <= 1
    for pair, exact in two.items():
        assert abs(rank_sum_cut(*pair, tail) - exact) <= 1
    signed_rank_cut.cache_clear()
    rank_sum_cut.cache_clear()


def test_five_thousand_rounds_need_no_list_of_all_pairs() -> None:
    chance = np.random.default_rng(0)
    before, after = ([float(v) for v in chance.normal(size=5000)] for _ in range(2))
    tracemalloc.start()
    try:
        one = signed_rank_interval(before, 0.95)
        two = rank_sum_interval(before, after, 0.95)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 5000 * 8 * 100  # the pairs alone: 100 MB and 200 MB
    for found in (one, two):
        assert found.low is not None
        assert found.high is not None
        assert found.low < found.centre < found.high
        # 1.96 standard errors, to both sides.
        assert found.high - found.low == pytest.approx(
            3.92 * math.sqrt((1 if found is one else 2) / 5000), rel=0.1
        )


def test_order_statistics_take_few_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = np.random.default_rng(1)
    rows, columns = np.sort(chance.standard_t(2, 600)), np.sort(chance.normal(size=600))
    passes: list[float] = []
    middle = SortedSums._middle

    def counted(sums: SortedSums, *given: NDArray[np.int64]) -> float:
        passes.append(middle(sums, *given))
        return passes[-1]

    monkeypatch.setattr(SortedSums, "_middle", counted)
    sums = SortedSums(rows=rows, columns=columns, begin=np.zeros(600, np.int64))
    ordered = np.sort(np.add.outer(rows, columns).ravel())
    for index in (0, 1, 9_000, len(sums) // 2, len(sums) - 1):
        passes.clear()
        assert sums.smallest(index) == ordered[index]
        # A quarter goes each time, until 4 a row are left.
        assert len(passes) <= math.log(600 / 4) / math.log(4 / 3) + 1


def test_order_statistics_of_equal_sums() -> None:
    sums = SortedSums(rows=np.ones(50), columns=np.ones(50), begin=np.zeros(50, np.int64))
    assert {sums.smallest(index) for index in (0, 1249, 2499)} == {2.0}


def test_no_interval_of_what_is_no_number() -> None:
    for found in (
        signed_rank_interval([1.0, math.nan] * 5, 0.95),
        rank_sum_interval([1.0] * 9, [math.inf] * 9, 0.95),
    ):
        assert math.isnan(found.centre)
        assert (found.low, found.high) == (None, None)
