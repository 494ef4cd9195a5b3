"""Multiply-adds of operators, from the shapes of what they read and write."""

from collections.abc import Callable, Sequence
from math import prod
from typing import TypeAlias

Shape: TypeAlias = tuple[int, ...]
Shapes: TypeAlias = Sequence[Shape | None]
"""Of an operator's inputs; None for one left out."""

MultiplyAdds: TypeAlias = Callable[[Shapes, Shape], int]
"""Multiply-adds from the inputs' shapes and the output's."""


def convolution(inputs: Shapes, output: Shape) -> int:
    """Filters are (out, height, width, in per group): every output element sums one of them.

    Example:
        >>> convolution([(1, 8, 8, 3), (16, 3, 3, 3)], (1, 8, 8, 16))
        27648
    """
    weights = _shape(inputs, 1)
    return prod(output) * prod(weights[1:]) if weights is not None else 0


def depthwise(inputs: Shapes, output: Shape) -> int:
    """Filters are (1, height, width, out)."""
    weights = _shape(inputs, 1)
    return prod(output) * _side(weights, 1) * _side(weights, 2)


def fully_connected(inputs: Shapes, output: Shape) -> int:
    """Weights are (out, in)."""
    return prod(output) * _side(_shape(inputs, 1), 1)


def transposed(inputs: Shapes, _output: Shape) -> int:
    """Inputs are (output shape, filters (out, height, width, in), values).

    Every input element goes into one filter's worth of each output channel.
    """
    weights, values = _shape(inputs, 1), _shape(inputs, 2)
    if weights is None or values is None:
        return 0
    return prod(values) * prod(weights[:3])


def batch_matmul(inputs: Shapes, output: Shape) -> int:
    """(..., m, k) x (..., k, n), either side possibly stored transposed: m is the output's."""
    left = _shape(inputs, 0)
    if left is None or len(left) < 2 or len(output) < 2:
        return 0
    rows = output[-2]
    inner = prod(left[-2:]) // rows if rows else 0
    return prod(output) * inner


def convolution_3d(inputs: Shapes, output: Shape) -> int:
    """Filters are (depth, height, width, in, out)."""
    weights = _shape(inputs, 1)
    return prod(output) * prod(weights[:4]) if weights is not None else 0


def _shape(inputs: Shapes, index: int) -> Shape | None:
    return inputs[index] if index < len(inputs) else None


def _side(shape: Shape | None, axis: int) -> int:
    return shape[axis] if shape is not None and axis < len(shape) else 0
