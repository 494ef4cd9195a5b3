import math

from edgevision.quantities import megabytes, percent


def test_sizes_are_for_people() -> None:
    assert megabytes(98_400) == "98.4 kB"
    assert megabytes(1_000_000) == "1.00 MB"
    assert megabytes(3_620_000) == "3.62 MB"


def test_shares_are_for_people() -> None:
    assert percent(0.871) == "87.1 %"
    assert percent(0.5, 0) == "50 %"
    assert percent(math.nan) == "-"
