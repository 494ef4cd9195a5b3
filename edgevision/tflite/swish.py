"""Finding swish and hard-swish, x * gate(x), in the operators they are made of.

Between x and its gate there may be a division by what x was scaled by (`swish_equalization`), and
behind the gate one by 6.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgevision.tflite import ops, schema
from edgevision.tflite.graph import Graph, Operator, OperatorId


@dataclass(frozen=True, slots=True, kw_only=True)
class Swish:
    """x * gate(x / scaled)."""

    gate: OperatorId
    """The LOGISTIC, or the ADD with a fused ReLU6."""
    product: OperatorId
    """The MUL."""
    shift: float | None
    """The c of relu6(x + c); None for a sigmoid."""
    scaled: NDArray[np.float64]
    """What each channel of x is divided by on the way to the gate, or a single 1."""


def find_swish(graph: Graph, t: int, consumers: Mapping[int, list[int]]) -> Swish | None:
    """The swish of `t` that all its readers belong to; None where they are anything else."""
    readers = consumers.get(t, [])
    products = [at for at in readers if _is_product(graph, at)]
    if len(readers) != 2 or len(products) != 1:
        return None
    (product,) = products
    gate = next(at for at in readers if at != product)
    entry, scaled = t, np.ones(1)
    factors = _positive_factors(graph, graph.operators[gate], t)
    if factors is not None:
        entry, scaled = graph.operators[gate].outputs[0], 1 / factors.astype(np.float64).ravel()
        behind = consumers.get(entry, [])
        if len(behind) != 1:
            return None
        (gate,) = behind
    op = graph.operators[gate]
    shift = relu6_shift(graph, op, entry)
    if op.name != ops.LOGISTIC and shift is None:
        return None
    opened = _followed_through_scaling(graph, op.outputs[0], consumers)
    if set(graph.operators[product].inputs) != {t, opened}:
        return None
    return Swish(gate=op.id, product=graph.operators[product].id, shift=shift, scaled=scaled)


def relu6_shift(graph: Graph, op: Operator, t: int) -> float | None:
    """The c with which `op` is relu6(t + c)."""
    fused = getattr(op.options, "fusedActivationFunction", 0)
    if op.name != ops.ADD or fused != schema.ActivationFunctionType.RELU6:
        return None
    shifts = [graph.constant(i) for i in op.inputs if i != t]
    if len(shifts) != 1 or shifts[0] is None or shifts[0].size != 1:
        return None
    return float(shifts[0].item())


def _is_product(graph: Graph, at: int) -> bool:
    op = graph.operators[at]
    return (
        op.name == ops.MUL and _is_plain(op) and all(graph.constant(i) is None for i in op.inputs)
    )


def _positive_factors(graph: Graph, op: Operator, t: int) -> NDArray[np.floating] | None:
    """The constants above 0 that `op` multiplies `t` by; None when it does not."""
    factors = [graph.constant(i) for i in op.inputs if i != t]
    if op.name != ops.MUL or not _is_plain(op) or len(factors) != 1 or factors[0] is None:
        return None
    return factors[0] if (factors[0] > 0).all() else None


def _followed_through_scaling(graph: Graph, t: int, consumers: Mapping[int, list[int]]) -> int:
    """`t`, or what multiplying by one constant above 0 makes of it when nothing else reads it."""
    readers = consumers.get(t, [])
    if len(readers) != 1:
        return t
    op = graph.operators[readers[0]]
    factors = _positive_factors(graph, op, t)
    return op.outputs[0] if factors is not None and factors.size == 1 else t


def _is_plain(op: Operator) -> bool:
    return not getattr(op.options, "fusedActivationFunction", 0)
