"""Constant folding: what operators make of constants alone, computed once.

The weights that an operator computes from constants become weights, which have integer kernels.
"""

import copy
from dataclasses import replace
from math import prod

from edgevision.errors import ModelError
from edgevision.quantize.step import RewriteStep
from edgevision.runtime.session import Session
from edgevision.tflite import ops
from edgevision.tflite.extract import cut
from edgevision.tflite.graph import Graph
from edgevision.tflite.ops.kinds import kind_of

_FUNCTIONS = frozenset(
    {ops.ABS, ops.BROADCAST_TO, ops.CAST, ops.DIV, ops.EXP, ops.FILL, ops.LOG, ops.NEG, ops.POW}
    | {ops.RSQRT, ops.SQRT, ops.SQUARE}
)
"""Operators whose outputs depend on their inputs alone: no random numbers, no variables. Those of
all that have integer kernels do so too."""

MOST_ELEMENTS = 1 << 22
"""Larger results stay computed: a FILL of a few bytes may make any number of them."""


def with_folded_constants(graph: Graph) -> Graph:
    """The same function, without operators that read constants alone."""
    edited = graph
    for at, op in enumerate(graph.operators):
        reads_constants = all(t < 0 or edited.constant(t) is not None for t in op.inputs)
        is_function = op.name in _FUNCTIONS or kind_of(op.name).scaling is not None
        if not (is_function and op.inputs and reads_constants):
            continue
        # An output of the model is computed: not every runtime hands constants out.
        small = all(prod(graph.tensors[t].shape) <= MOST_ELEMENTS for t in op.outputs)
        if small and not set(op.outputs) & set(graph.outputs):
            edited = _folded(edited, at) or edited
    if edited is graph:
        return graph
    edited.operators = [
        op
        for op in edited.operators
        if not op.outputs or any(edited.constant(t) is None for t in op.outputs)
    ]
    return edited


def _folded(graph: Graph, at: int) -> Graph | None:
    """The graph in which the outputs of one operator are constants; None where it cannot run."""
    outputs = graph.operators[at].outputs
    try:
        with Session(cut(graph, {graph.operators[at].id}).content) as session:
            values = session.run()
    except ModelError:
        return None
    if [v.shape for v in values] != [graph.tensors[t].shape for t in outputs]:
        return None
    edited = graph.copy()
    for t, value in zip(outputs, values, strict=True):
        edited.tensors[t] = copy.copy(edited.tensors[t])
        edited.tensors[t].data = value
    return edited


FOLD_CONSTANTS = RewriteStep(
    name="fold_constants",
    apply=lambda prepared: replace(prepared, graph=with_folded_constants(prepared.graph)),
)
