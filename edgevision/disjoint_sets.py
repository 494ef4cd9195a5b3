"""Disjoint sets of whole numbers (union-find): which things are one, when pairs of them are."""


class DisjointSets:
    """A partition of 0..count-1 in which sets are joined and never split.

    Source: Tarjan 1975, https://doi.org/10.1145/321879.321884; path halving, and the smallest
    number stands for its set, so that the answer does not depend on the order of joins.

    >>> sets = DisjointSets(4)
    >>> sets.join(3, 1)
    >>> [sets.find(number) for number in range(4)]
    [0, 1, 2, 1]
    """

    def __init__(self, count: int = 0) -> None:
        """`count` sets of one number each."""
        self._parent = list(range(count))

    def __len__(self) -> int:
        """How many numbers there are."""
        return len(self._parent)

    def add(self, count: int) -> int:
        """The first of `count` new numbers, each a set of its own."""
        first = len(self._parent)
        self._parent.extend(range(first, first + count))
        return first

    def join(self, one: int, other: int) -> None:
        """Make one set of those that hold the two numbers."""
        a, b = self.find(one), self.find(other)
        self._parent[max(a, b)] = min(a, b)

    def find(self, number: int) -> int:
        """The smallest number of the set that holds `number`."""
        parent = self._parent
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number
