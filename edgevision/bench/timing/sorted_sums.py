"""Order statistics of all pairwise sums of two sorted lists, without making the sums."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

_SORTED_PER_ROW = 4
"""Sums left per row from which on it is quicker to look at all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SortedSums:
    """The sums `rows[i] + columns[j]` for each `j >= begin[i]`; both lists rise and are finite."""

    rows: NDArray[np.float64]
    columns: NDArray[np.float64]
    begin: NDArray[np.int64]

    def __len__(self) -> int:
        """How many sums there are."""
        return int((len(self.columns) - self.begin).sum())

    def smallest(self, index: int) -> float:
        """The sum at `index` when all are in order, 0 for the smallest.

        Each pass drops at least a quarter of the sums in question, and takes n log n steps for n
        rows; n log^2 n in all, where sorting the sums would take n^2 log n and their memory.

        Source: Johnson & Mizoguchi 1978, SIAM Journal on Computing 7(2).
        """
        low, high = self.begin, np.full(len(self.rows), len(self.columns))
        while True:
            sizes = high - low
            if sizes.sum() <= _SORTED_PER_ROW * len(self.rows):
                return float(np.sort(self._sums(low, sizes))[index])
            pivot = self._middle(low, sizes)
            below = self._until(pivot, "left", low, high)
            within = self._until(pivot, "right", below, high)
            smaller, not_larger = int((below - low).sum()), int((within - low).sum())
            if smaller <= index < not_larger:
                return pivot
            if index < smaller:
                high = below
            else:
                low, index = within, index - not_larger

    def _sums(self, low: NDArray[np.int64], sizes: NDArray[np.int64]) -> NDArray[np.float64]:
        """The sums of `sizes` columns from `low` on, row by row."""
        starts = np.cumsum(sizes) - sizes
        places = np.arange(sizes.sum()) + np.repeat(low - starts, sizes)
        sums: NDArray[np.float64] = np.repeat(self.rows, sizes) + self.columns[places]
        return sums

    def _middle(self, low: NDArray[np.int64], sizes: NDArray[np.int64]) -> float:
        """The median of the rows' medians, each row with the weight of its size."""
        rows = np.flatnonzero(sizes)
        medians = self.rows[rows] + self.columns[low[rows] + sizes[rows] // 2]
        order = np.argsort(medians)
        weights = np.cumsum(sizes[rows][order])
        return float(medians[order][np.searchsorted(weights, weights[-1] / 2)])

    def _until(
        self,
        pivot: float,
        side: Literal["left", "right"],
        low: NDArray[np.int64],
        high: NDArray[np.int64],
    ) -> NDArray[np.int64]:
        """For each row the first column whose sum is not below `pivot` ("right": is above it)."""
        # Bisection of the sums as they are rounded, in all rows at once.
        while (is_open := low < high).any():
            middle = (low + high) // 2
            sums = self.rows + self.columns[np.minimum(middle, len(self.columns) - 1)]
            is_before = (sums < pivot) if side == "left" else (sums <= pivot)
            low = np.where(is_open & is_before, middle + 1, low)
            high = np.where(is_open & ~is_before, middle, high)
        return low
