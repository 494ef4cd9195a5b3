from hypothesis import given
from hypothesis import strategies as st

from edgevision.metrics.rate import Rate


@given(st.integers(1, 2000), st.data())
def test_wilson_interval_holds_the_share_and_stays_in_range(
    count: int, data: st.DataObject
) -> None:
    rate = Rate(hits=data.draw(st.integers(0, count)), count=count)
    low, high = rate.interval
    assert 0 <= low <= rate.value <= high <= 1


def test_wilson_interval_of_a_worked_example() -> None:
    low, high = Rate(hits=81, count=263).interval
    # Newcombe 1998, Statistics in Medicine 17, table I, method 3
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)


def test_a_rate_is_an_estimate_with_its_counts() -> None:
    rate = Rate(hits=3, count=4)
    found = rate.estimate
    assert (found.value, found.hits, found.count) == (0.75, 3, 4)
    assert (found.low, found.high) == rate.interval
