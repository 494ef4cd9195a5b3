"""Deciding the scales: which tensors must share one, which are prescribed, what ranges give."""

from collections.abc import Mapping

from edgevision.disjoint_sets import DisjointSets
from edgevision.quantize.assign import affine
from edgevision.quantize.assign.affine import Range
from edgevision.tflite import ops, schema
from edgevision.tflite.graph import Graph, OperatorId, QuantParams
from edgevision.tflite.ops.kinds import kind_of

_COUNTED = {
    schema.ActivationFunctionType.RELU6: 6.0,
    schema.ActivationFunctionType.RELU_N1_TO_1: 1.0,
}
"""Fused activations with an upper end, which kernels count in steps of the output."""


def tensors_in_integers(graph: Graph, integer: frozenset[OperatorId]) -> frozenset[int]:
    """Float activations that an integer operator reads or writes: those that need a range."""
    return frozenset(
        t
        for op in graph.operators
        if op.id in integer
        for t in (*op.inputs, *op.outputs)
        if graph.is_float(t) and graph.constant(t) is None
    )


def scale_groups(graph: Graph, integer: frozenset[OperatorId]) -> dict[int, int]:
    """Tensor -> the tensor that stands for its group: members must share one scale.

    Concatenations, pools, reshapes and other movers of data copy integers as they are.
    """
    scaled, groups = tensors_in_integers(graph, integer), DisjointSets(len(graph.tensors))
    for op in graph.operators:
        if op.id not in integer or kind_of(op.name).scaling != "same":
            continue
        members = [t for t in (*op.outputs, *op.inputs) if t in scaled]
        for other in members[1:]:
            groups.join(members[0], other)
    return {t: groups.find(t) for t in scaled}


def prescribed_scales(
    graph: Graph, integer: frozenset[OperatorId], *, bits: int
) -> dict[int, QuantParams]:
    """Scales that kernels fix for their outputs (softmax, sigmoid, tanh, ...)."""
    fixed: dict[int, QuantParams] = {}
    for op in graph.operators:
        rule = kind_of(op.name)
        if op.id in integer and rule.scaling == "fixed":
            scales = affine.scalar_scales(rule.fixed_scale, rule.fixed_zero_point)
            if bits == 16:
                scales = affine.scalar_scales(1 / 32768, 0)
            fixed[op.outputs[0]] = scales
    return fixed


def choose_scales(
    graph: Graph,
    integer: frozenset[OperatorId],
    ranges: Mapping[int, Range],
    *,
    fixed: Mapping[int, QuantParams],
    bits: int,
) -> dict[int, QuantParams]:
    """Scales of every activation in integers, from its group's widest range.

    A group that holds one prescribed scale takes that one when it represents all its values
    (padding of the input, reshaping of a softmax); else it has its own, and the prescribed tensor
    is converted on its way in.
    """
    groups = scale_groups(graph, integer)
    members: dict[int, list[int]] = {}
    for t, leader in groups.items():
        members.setdefault(leader, []).append(t)
    scales: dict[int, QuantParams] = {}
    for group in members.values():
        low = min(ranges[t][0] for t in group)
        high = max(ranges[t][1] for t in group)
        bound = {fixed[t].key: fixed[t] for t in group if t in fixed}
        if len(bound) == 1 and _represents(next(iter(bound.values())), low, high, bits):
            shared = next(iter(bound.values()))
        else:
            shared = affine.activation_scales(low, high, bits=bits)
        scales |= {t: fixed.get(t, shared) for t in group}
    return widen_for_kernels(graph, integer, scales, fixed=fixed, groups=groups)


def _represents(scales: QuantParams, low: float, high: float, bits: int) -> bool:
    step, zero = float(scales.scale[0]), int(scales.zero_point[0])
    bottom, top = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    # Half a step beyond the end still rounds to the last integer; a sigmoid's 1.0 is one step off.
    return bool((bottom - zero - 1.01) * step <= low and high <= (top - zero + 1.01) * step)


def widen_for_kernels(
    graph: Graph,
    integer: frozenset[OperatorId],
    scales: dict[int, QuantParams],
    *,
    fixed: Mapping[int, QuantParams],
    groups: Mapping[int, int],
) -> dict[int, QuantParams]:
    """`scales` with those widened that a kernel would refuse, at no loss of accuracy.

    XNNPACK adds in int8 only while input scale / output scale is at least 2**-10. An addend whose
    whole range is a quarter of the sum's step may have a coarser scale: it vanishes either way.
    Kernels outside XNNPACK count a fused ReLU6's 6 in steps of the output, in 32 bits. An output so
    small that they do not suffice is zero to everything behind it.
    """
    widened = dict(scales)

    def widen(t: int, smallest: float) -> None:
        if t not in widened or t in fixed or float(widened[t].scale[0]) >= smallest:
            return
        wider = affine.scalar_scales(smallest, int(widened[t].zero_point[0]))
        for other, leader in groups.items():
            if leader == groups[t] and other not in fixed:
                widened[other] = wider

    for op in graph.operators:
        if op.id not in integer:
            continue
        fused = getattr(op.options, "fusedActivationFunction", 0)
        if fused in _COUNTED:
            widen(op.outputs[0], _COUNTED[fused] / 2**30)
        if op.name in {ops.ADD, ops.SUB}:
            smallest = float(widened[op.outputs[0]].scale[0]) / 1000
            for t in op.inputs:
                widen(t, smallest)
    return widened
