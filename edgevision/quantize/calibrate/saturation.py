"""Inputs of activation functions, whose range may end where the function no longer changes.

What a swish makes of -20 is what it makes of -8: nothing. A range that reaches down to -20 spends
two thirds of its steps on saying so. A tensor that only such a function reads is clipped where the
function's value is within half a step of int8 of its limit: hard-swish, relu6(x + 3) and the like
have their limits exactly, so that clipping costs nothing; the others less than rounding does.

The idea is that of zero-point shifting for swish in LSQ+ (https://arxiv.org/abs/2004.09576), taken
to the input's side and without training.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from math import atanh, erf, exp, inf, log, sqrt
from typing import TypeAlias

from edgevision.quantize.assign.affine import Range
from edgevision.quantize.assign.integer_part import bits_of
from edgevision.quantize.step import RangeStep, TensorRanges
from edgevision.tflite import ops
from edgevision.tflite.graph import Graph, Operator, OperatorId
from edgevision.tflite.swish import find_swish, relu6_shift

_Limits: TypeAlias = Callable[[float], Range]
"""From half a step of a function's values: where it is that near to its limits, below and above."""

_LOWEST_SWISH = -1.2785
_LOWEST_GELU = -0.7518


def saturated_ranges(
    graph: Graph,
    ranges: Mapping[int, Range],
    *,
    integer: frozenset[OperatorId],
    whole: Collection[int] = (),
) -> dict[int, Range]:
    """`ranges` without the parts in which what reads a tensor no longer changes.

    Args:
        graph: the float graph.
        ranges: of each activation in integers.
        integer: the operators that run in integers.
        whole: tensors that are never clipped.
    """
    narrowed = dict(ranges)
    consumers = graph.consumers()
    for t, readers in consumers.items():
        if (
            t not in ranges
            or t in whole
            or not integer.issuperset(graph.operators[at].id for at in readers)
        ):
            continue
        found = _limits(graph, t, readers, consumers)
        if found is None:
            continue
        limits, made = found
        low, high = ranges[made]
        least, most = limits((high - low) / 255 / 2)
        bottom, top = ranges[t]
        if max(bottom, least) < min(top, most):
            narrowed[t] = (max(bottom, least), min(top, most))
    return narrowed


def _limits(
    graph: Graph, t: int, readers: list[int], consumers: Mapping[int, list[int]]
) -> tuple[_Limits, int] | None:
    """The limits of the function of `t` alone that its readers are, and the tensor it writes."""
    operators = [graph.operators[at] for at in readers]
    if len(operators) == 1:
        (op,) = operators
        limits = _limits_of_one(graph, op, t)
        return None if limits is None else (limits, op.outputs[0])
    swish = find_swish(graph, t, consumers)
    if swish is None:
        return None
    most = float(swish.scaled.max())
    made = graph.operator(swish.product).outputs[0]
    if swish.shift is None:
        return (lambda half_step: _swish_limits(half_step, most)), made
    # Above, the gate is open but the product goes on.
    return _exactly(-swish.shift * most, inf), made


def _limits_of_one(graph: Graph, op: Operator, t: int) -> _Limits | None:
    known: dict[str, _Limits] = {
        ops.LOGISTIC: _logistic_limits,
        ops.TANH: _tanh_limits,
        ops.GELU: _gelu_limits,
        ops.HARD_SWISH: _exactly(-3, inf),
        ops.RELU: _exactly(0, inf),
        ops.RELU6: _exactly(0, 6),
        ops.RELU_N1_TO_1: _exactly(-1, 1),
    }
    if op.name == ops.ADD:
        shift = relu6_shift(graph, op, t)
        return None if shift is None else _exactly(-shift, 6 - shift)
    return known.get(op.name)


def _exactly(low: float, high: float) -> _Limits:
    return lambda _half_step: (low, high)


def _logistic_limits(_half_step: float) -> Range:
    # The kernel's steps are 1/256, whatever was observed.
    return -log(511), log(511)


def _tanh_limits(_half_step: float) -> Range:
    return -atanh(1 - 1 / 256), atanh(1 - 1 / 256)


def _swish_limits(half_step: float, scaled: float = 1.0) -> Range:
    """Of `scaled` times the swish, in `scaled` times its input."""
    near = _where_near_zero(lambda x: x / (1 + exp(-x)), _LOWEST_SWISH, half_step / scaled)
    return scaled * near, inf


def _gelu_limits(half_step: float) -> Range:
    return _where_near_zero(lambda x: x * (1 + erf(x / sqrt(2))) / 2, _LOWEST_GELU, half_step), inf


def _where_near_zero(f: Callable[[float], float], lowest: float, tolerance: float) -> float:
    """The largest x below `lowest`, where `f` has its minimum, with f(x) above -tolerance."""
    far, near = -100.0, lowest
    for _ in range(50):
        middle = (far + near) / 2
        far, near = (middle, near) if f(middle) > -tolerance else (far, middle)
    return far


def _clipped(decided: TensorRanges) -> TensorRanges:
    ranges = saturated_ranges(
        decided.graph, decided.ranges, integer=decided.integer, whole=decided.never_clipped
    )
    return replace(decided, ranges=ranges)


CLIP_SATURATED = RangeStep(
    name="clip_saturated",
    applies=lambda scope: bits_of(scope.recipe) == 8,
    apply=_clipped,
)
