"""Cutting a `.tflite`: operators as a model of their own, or a model that shows what is inside it.

A cut takes along what computes its constants (the widening of float16 weights): that runs once,
when a model is opened, and reads nothing that could be fed.
"""

import copy
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from edgevision.errors import ModelError
from edgevision.tflite.graph import Graph, Operator, OperatorId, Tensor
from edgevision.tflite.serialize import serialize


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Some operators of a model as a model."""

    operators: tuple[OperatorId, ...]
    """Those asked for, in the order they run."""
    content: bytes
    """The `.tflite`."""
    inputs: tuple[int, ...]
    """Tensor of the whole model that each of its inputs stands for, in order."""
    outputs: tuple[int, ...]
    """As `inputs`."""


def cut(graph: Graph, operators: Collection[OperatorId]) -> Cut:
    """`operators` of `graph` as a model, wired to each other as in the whole.

    It is fed what they read and do not compute, and gives what they write and none of them reads.

    Raises:
        KeyError: `graph` has no such operator.
        MissingDependencyError: no library here can write a `.tflite`.

    Example:
        `cut(parse(content), {0})` is the first operator of a file as a model.
    """
    return _cut(graph, operators, constant_operators(graph))


def cut_each(graph: Graph) -> Iterator[Cut]:
    """Each operator of `graph` as a model, but for those that compute constants.

    Raises:
        ModelError: the model has control flow.
        MissingDependencyError: no library here can write a `.tflite`.
    """
    _refuse_control_flow(graph)
    makers = constant_operators(graph)
    fixed = {op.id for op in makers.values()}
    for op in graph.operators:
        if op.id not in fixed:
            yield _cut(graph, {op.id}, makers)


def isolate(graph: Graph, operators: Collection[OperatorId]) -> Cut:
    """`operators` of `graph` side by side, each reading inputs of its own, all outputs shown.

    Fed with what the operators of another file read, it says what each would have written here.

    Raises:
        KeyError: `graph` has no such operator.
        ModelError: the model has control flow.
        MissingDependencyError: no library here can write a `.tflite`.
    """
    _refuse_control_flow(graph)
    makers = constant_operators(graph)
    apart = graph.copy()
    chosen = _chosen(apart, operators)
    stands_for: list[int] = []
    apart.inputs, apart.outputs = [], [t for op in chosen for t in op.outputs]
    for op in chosen:
        for at, t in enumerate(op.inputs):
            if t >= 0 and t not in makers and not graph.is_constant(t):
                op.inputs[at] = apart.add_tensor(_fed(graph.tensors[t], len(stands_for)))
                apart.inputs.append(op.inputs[at])
                stands_for.append(t)
    apart.operators = _with_makers(apart, chosen, makers)
    return Cut(
        operators=tuple(op.id for op in chosen),
        content=_written(apart),
        inputs=tuple(stands_for),
        outputs=tuple(apart.outputs),
    )


def with_outputs(graph: Graph, outputs: Sequence[int]) -> bytes:
    """The whole model, giving the tensors `outputs` instead of its own.

    Raises:
        MissingDependencyError: no library here can write a `.tflite`.
    """
    shown = copy.copy(graph)
    shown.outputs = list(outputs)
    return _written(shown)


def constant_operators(graph: Graph) -> dict[int, Operator]:
    """Tensor -> the operator that computes it, for tensors computed from constants alone."""
    makers: dict[int, Operator] = {}
    for op in graph.operators:
        read = [t for t in op.inputs if t >= 0]
        if read and all(t in makers or graph.is_constant(t) for t in read):
            makers |= dict.fromkeys(op.outputs, op)
    return makers


def _cut(graph: Graph, operators: Collection[OperatorId], makers: dict[int, Operator]) -> Cut:
    part, chosen = copy.copy(graph), _chosen(graph, operators)
    part.operators = _with_makers(graph, chosen, makers)
    made = {t for op in part.operators for t in op.outputs}
    read = dict.fromkeys(t for op in chosen for t in op.inputs if t >= 0)
    part.inputs = [t for t in read if t not in made and not graph.is_constant(t)]
    part.outputs = [t for op in chosen for t in op.outputs if len(chosen) == 1 or t not in read]
    return Cut(
        operators=tuple(op.id for op in chosen),
        content=_written(part),
        inputs=tuple(part.inputs),
        outputs=tuple(part.outputs),
    )


def _chosen(graph: Graph, operators: Collection[OperatorId]) -> list[Operator]:
    """In the order they run."""
    wanted = {graph.operator(one).id for one in operators}
    return [op for op in graph.operators if op.id in wanted]


def _with_makers(
    graph: Graph, chosen: Sequence[Operator], makers: dict[int, Operator]
) -> list[Operator]:
    """`chosen`, and before them what computes their constants, in the graph's order."""
    wanted = {op.id: op for op in chosen}
    waiting = list(chosen)
    while waiting:
        for t in waiting.pop().inputs:
            if t in makers and makers[t].id not in wanted:
                wanted[makers[t].id] = makers[t]
                waiting.append(makers[t])
    return [wanted[op.id] for op in graph.operators if op.id in wanted]


def _fed(tensor: Tensor, number: int) -> Tensor:
    """An input with the shape and type of `tensor`."""
    fed = copy.copy(tensor)
    fed.name = f"separate_{number}"
    return fed


def _written(graph: Graph) -> bytes:
    """The file of `graph`, whose signatures would speak of the whole's inputs and outputs."""
    graph = copy.copy(graph)
    graph.file = copy.copy(graph.file)
    graph.file.signatureDefs = None
    return serialize(graph)


def _refuse_control_flow(graph: Graph) -> None:
    if len(graph.file.subgraphs) != 1:
        message = "the model has control flow (several graphs), which cannot be taken apart"
        raise ModelError(message)
