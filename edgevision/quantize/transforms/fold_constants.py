"""Constant folding: what operators make of constants alone, computed once.

The weights that an operator computes from constants become weights, which have integer kernels.
"""

import copy
from dataclasses import replace
from math import prod

from edgevision.errors import ModelError
from edgevision.quantize.assign.kernel_rules import RULES
from edgevision.quantize.step import RewriteStep
from edgevision.runtime.session import Session
from edgevision.tflite.graph import Graph
from edgevision.tflite.serialize import file_of_operator

_FUNCTIONS = frozenset(RULES) | {
    "ABS",
    "BROADCAST_TO",
    "CAST",
    "DIV",
    "EXP",
    "FILL",
    "LOG",
    "NEG",
    "POW",
    "RSQRT",
    "SQRT",
    "SQUARE",
}
"""Operators whose outputs depend on their inputs alone: no random numbers, no variables."""

MOST_ELEMENTS = 1 << 22
"""Larger results stay computed: a FILL of a few bytes may make any number of them."""


def with_folded_constants(graph: Graph) -> Graph:
    """The same function, without operators that read constants alone."""
    edited = graph
    for at, op in enumerate(graph.operators):
        reads_constants = all(t < 0 or edited.constant(t) is not None for t in op.inputs)
        if op.name not in _FUNCTIONS or not op.inputs or not reads_constants:
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
        with Session(file_of_operator(graph, at, [])) as session:
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
