"""What the quantizer holds down: how far an integer model's outputs are off, output by output."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputLoss:
    """How one output's error is measured. The loss of a model is the weighted mean of these."""

    output: int
    """Position in the model's order."""
    before_activation: bool
    """Compare what the softmax or sigmoid that makes this output reads, not what it writes: in
    int8 it writes steps of 1/256. True only if `OutputInterface.maker` is one of the two."""
    function: Callable[[NDArray[Any], NDArray[Any]], float]
    """(expected, actual), both (images, ...) real values of that tensor -> the loss; 0 for equals,
    and about the same size for every function: a share of noise, or the root of a divergence."""
    weight: float = 1.0
