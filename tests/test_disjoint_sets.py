from random import Random

from hypothesis import given
from hypothesis import strategies as st

from edgevision.disjoint_sets import DisjointSets

numbers = st.integers(0, 9)


@given(st.lists(st.tuples(numbers, numbers)), st.randoms())
def test_sets_are_what_joins_connect_in_any_order(
    joins: list[tuple[int, int]], random: Random
) -> None:
    connected = {n: {n} for n in range(10)}
    for a, b in joins:
        whole = connected[a] | connected[b]
        connected |= dict.fromkeys(whole, whole)
    random.shuffle(joins)
    sets = DisjointSets(10)
    for a, b in joins:
        sets.join(a, b)
    assert [sets.find(n) for n in range(10)] == [min(connected[n]) for n in range(10)]


def test_new_numbers_are_sets_of_their_own() -> None:
    sets = DisjointSets(2)
    sets.join(0, 1)
    assert sets.add(2) == 2
    assert [sets.find(n) for n in range(len(sets))] == [0, 0, 2, 3]
