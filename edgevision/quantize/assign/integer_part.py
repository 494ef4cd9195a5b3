"""Which operators run in integers, and which stay in float, with the reason."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from edgevision.recipe.recipe import Recipe
from edgevision.tflite import ops
from edgevision.tflite.graph import Graph, Operator, OperatorId
from edgevision.tflite.ops.kinds import kind_of


@dataclass(frozen=True, slots=True, kw_only=True)
class FloatOperator:
    """An operator left in float, and why."""

    position: int
    """In the float graph."""
    operator: str
    tensor: str
    """Name of its first output."""
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegerPart:
    """The operators of a float graph by precision.

    Those that touch no float tensor (shape arithmetic) are in neither part.
    """

    operators: frozenset[OperatorId]
    """Those that run in integers."""
    reasons: Mapping[OperatorId, str]
    """Why each operator left in float is."""

    def float_operators(self, graph: Graph) -> tuple[FloatOperator, ...]:
        """Those of `graph` that are left in float, in its order."""
        return tuple(
            FloatOperator(
                position=at,
                operator=op.name,
                tensor=graph.tensors[op.outputs[0]].name if op.outputs else "",
                reason=self.reasons[op.id],
            )
            for at, op in enumerate(graph.operators)
            if op.id in self.reasons
        )


def integer_part(
    graph: Graph, recipe: Recipe, refused: Mapping[OperatorId, str] = MappingProxyType({})
) -> IntegerPart:
    """Which operators run in integers under `recipe`, and which not, with the reason.

    `refused` gives operators to leave in float, with the reason.
    """
    patterns = [re.compile(pattern) for pattern in recipe.float_operators]
    chosen: set[OperatorId] = set()
    reasons: dict[OperatorId, str] = {}
    for op in graph.operators:
        if not any(graph.is_float(t) for t in (*op.inputs, *op.outputs)):
            continue
        name = graph.tensors[op.outputs[0]].name if op.outputs else ""
        reason = refused.get(op.id)
        if reason is None and op.outputs and any(p.search(name) for p in patterns):
            reason = "asked for by the recipe"
        reason = reason or _obstacle(graph, op, bits_of(recipe))
        if reason is None:
            chosen.add(op.id)
        else:
            reasons[op.id] = reason
    return IntegerPart(operators=frozenset(chosen), reasons=reasons)


def bits_of(recipe: Recipe) -> int:
    """Bits of an activation under `recipe`."""
    return 16 if recipe.precision == "int16x8" else 8


def _obstacle(graph: Graph, op: Operator, bits: int) -> str | None:
    rule = kind_of(op.name)
    reason = None
    if rule.scaling is None:
        reason = f"TFLite has no int{bits} kernel for {op.custom_code or op.name}"
    elif bits == 16 and not rule.int16_version:
        reason = f"TFLite has no int16 kernel for {op.name}"
    elif not any(graph.is_float(t) for t in op.outputs):
        reason = f"{op.name} writes no real numbers"
    elif all(graph.constant(t) is not None for t in op.inputs if graph.is_float(t)):
        reason = "it reads constants only"
    elif rule.scaling == "linear":
        weights = graph.constant(op.inputs[rule.weights])
        bias = op.inputs[rule.bias] if len(op.inputs) > rule.bias else -1
        if weights is None and (bias >= 0 or op.name != ops.FULLY_CONNECTED):
            reason = "its weights are computed, not constant"
        elif bias >= 0 and graph.constant(bias) is None:
            reason = "its bias is computed, not constant"
    return reason
