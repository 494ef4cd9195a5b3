"""Normalization at no cost: an affine map of the input, folded into the first linear operator.

A model wants y = a * u + b per channel, where u is what its input tensor holds (the pixels, up to
one scale and zero point). `a` goes into the first convolution's weights and `b` into its bias, and
a Rescaling or Normalization layer in the graph goes the same way. Exact on the float graph, also
at the border: where the convolution pads y with 0, u is padded with -b/a.
"""

import copy
from dataclasses import replace

import numpy as np

from edgevision.quantize.calibrate.prepared import Prepared
from edgevision.quantize.step import RewriteStep
from edgevision.quantize.transforms.explicit_normalization import explicit_affine
from edgevision.quantize.transforms.input_affine import Affine, Float64
from edgevision.quantize.transforms.padding import pad_with, same_padding
from edgevision.tflite import ops, schema
from edgevision.tflite.graph import Graph, Operator
from edgevision.tflite.ops.kinds import kind_of

BORDER_SLACK_PIXELS = 0.5
"""The ring of padding around the picture may be this far from exact, in pixel levels."""

_ELEMENTWISE = frozenset({ops.MUL, ops.ADD, ops.SUB, ops.DIV})


def fold_normalization(graph: Graph, index: int, outer: Affine, *, slack: float = 0.0) -> Graph:
    """`graph` whose input `index` holds u, where the model saw y = outer(u) before.

    Leading MUL, ADD, SUB and DIV by constants join `outer`. The whole map is folded into the first
    convolution or dense layer; where none can take it, a MUL and an ADD are left in the graph.

    Args:
        graph: the float model.
        index: tensor index of the input; channels are its last axis.
        outer: the map from the new input to the old one.
        slack: border values may be off by this much in units of u, which saves the operator that
            pads exactly.
    """
    edited = graph.copy()
    readers = edited.consumers()
    gone: set[int] = set()
    current, total = index, outer
    while (step := _elementwise(edited, readers, current, len(outer.factor))) is not None:
        at, inner = step
        total = Affine(
            factor=inner.factor * total.factor, shift=inner.factor * total.shift + inner.shift
        )
        gone.add(at)
        current = edited.operators[at].outputs[0]
    if total.is_identity and not gone:
        return edited
    replacement = _fold(edited, readers, (index, current), total, slack)
    if replacement is None:
        replacement = explicit_affine(edited, index, current, total)
    edited.operators = [
        new
        for at, op in enumerate(edited.operators)
        if at not in gone
        for new in replacement.get(at, [op])
    ]
    return edited


def _elementwise(
    graph: Graph, readers: dict[int, list[int]], tensor: int, channels: int
) -> tuple[int, Affine] | None:
    """The one operator after `tensor`, when it maps each channel by constants."""
    at = _only_reader(graph, readers, tensor)
    op = graph.operators[at] if at is not None else None
    if at is None or op is None or op.name not in _ELEMENTWISE:
        return None
    first = op.inputs[0] == tensor
    values = graph.constant(op.inputs[1] if first else op.inputs[0])
    fits = (
        values is not None
        and values.size in {1, channels}
        and (values.size == 1 or values.shape[-1] == channels)
        and graph.tensors[op.outputs[0]].shape == graph.tensors[tensor].shape
        # Arithmetic without options is valid, and has no activation.
        and (op.options is None or not op.options.fusedActivationFunction)
    )
    if not fits or values is None or (op.name == ops.DIV and not (first and values.all())):
        return None
    constant = np.broadcast_to(values.astype(np.float64).reshape(-1), channels)
    one, zero = np.ones(channels), np.zeros(channels)
    sign = one if first else -one
    maps = {
        ops.MUL: lambda: Affine(factor=constant, shift=zero),
        ops.ADD: lambda: Affine(factor=one, shift=constant),
        ops.SUB: lambda: Affine(factor=sign, shift=-sign * constant),
        ops.DIV: lambda: Affine(factor=1 / constant, shift=zero),
    }
    return at, maps[op.name]()


def _only_reader(graph: Graph, readers: dict[int, list[int]], tensor: int) -> int | None:
    """Position of the operator that alone reads `tensor`, if there is just one reader."""
    if tensor in graph.outputs or len(readers.get(tensor, [])) != 1:
        return None
    return readers[tensor][0]


def _fold(
    graph: Graph, readers: dict[int, list[int]], ends: tuple[int, int], total: Affine, slack: float
) -> dict[int, list[Operator]] | None:
    """Operators to put in place of those at some positions; None where nothing can take the map.

    `ends`: the tensor that will be read, and the one whose reader takes the map.
    """
    index, current = ends
    at = _only_reader(graph, readers, current)
    if at is None or not total.factor.all():
        return None
    if graph.operators[at].name == ops.RESHAPE:
        return _fold_dense(graph, readers, index, at, total)
    pad_at, paddings = None, np.zeros((4, 2), np.int64)
    if graph.operators[at].name == ops.PAD and _pads_space(graph, graph.operators[at]):
        paddings = graph.known(graph.operators[at].inputs[1]).astype(np.int64)
        pad_at, at = at, _only_reader(graph, readers, graph.operators[at].outputs[0])
    op = graph.operators[at] if at is not None else None
    if at is None or op is None or not _is_convolution(graph, op):
        return None
    inner = same_padding(graph, op)
    border = np.zeros_like(total.shift) - total.shift / total.factor
    exact = bool((inner + paddings[1:3]).any()) and bool(np.abs(border).max() > slack)
    folded = _folded(graph, op, total)
    if not exact:
        if pad_at is None:
            folded.inputs[0] = index
            return {at: [folded]}
        pad = copy.copy(graph.operators[pad_at])
        pad.inputs = [index, pad.inputs[1]]
        return {pad_at: [pad], at: [folded]}
    paddings = paddings.copy()
    paddings[1:3] += inner
    padded, made = pad_with(graph, index, paddings, border)
    folded.inputs[0] = padded
    folded.options = copy.copy(op.options)
    folded.options.padding = schema.Padding.VALID
    places = {at: [*made, folded]}
    return places if pad_at is None else places | {pad_at: []}


def _is_convolution(graph: Graph, op: Operator) -> bool:
    return op.name in ops.CONVOLUTIONS and graph.constant(op.inputs[1]) is not None


def _pads_space(graph: Graph, op: Operator) -> bool:
    amounts = graph.constant(op.inputs[1])
    return amounts is not None and amounts.shape == (4, 2)


def _folded(graph: Graph, op: Operator, total: Affine) -> Operator:
    weights = graph.known(op.inputs[1])
    wide = weights.astype(np.float64)
    if op.name == ops.CONV_2D:
        shift = (wide * total.shift).sum(axis=(1, 2, 3))
        scaled = wide * total.factor
    else:
        per_input = weights.shape[3] // len(total.factor)
        shift = (wide * np.repeat(total.shift, per_input)).sum(axis=(0, 1, 2))
        scaled = wide * np.repeat(total.factor, per_input)
    return _with_constants(graph, op, scaled, shift)


def _fold_dense(
    graph: Graph, readers: dict[int, list[int]], index: int, reshape_at: int, total: Affine
) -> dict[int, list[Operator]] | None:
    at = _only_reader(graph, readers, graph.operators[reshape_at].outputs[0])
    if at is None:
        return None
    op = graph.operators[at]
    weights = graph.constant(op.inputs[1]) if op.name == ops.FULLY_CONNECTED else None
    size = int(np.prod(graph.tensors[index].shape))
    if weights is None or weights.shape[1] != size:
        return None
    wide = weights.astype(np.float64)
    repeats = size // len(total.factor)
    scaled = wide * np.tile(total.factor, repeats)
    shift = wide @ np.tile(total.shift, repeats)
    reshape = copy.copy(graph.operators[reshape_at])
    reshape.inputs = [index, *reshape.inputs[1:]]
    return {reshape_at: [reshape], at: [_with_constants(graph, op, scaled, shift)]}


def _with_constants(graph: Graph, op: Operator, weights: Float64, shift: Float64) -> Operator:
    rule = kind_of(op.name)
    folded = copy.copy(op)
    folded.inputs = [*op.inputs, -1][: rule.bias + 1] if len(op.inputs) < 3 else list(op.inputs)
    name = graph.tensors[op.inputs[rule.weights]].name
    old = graph.constant(folded.inputs[rule.bias])
    bias = shift if old is None else old.astype(np.float64) + shift
    folded.inputs[rule.weights] = graph.add_constant(name, weights.astype(np.float32))
    folded.inputs[rule.bias] = graph.add_constant(f"{name};bias", bias.astype(np.float32))
    return folded


def _fold_all(prepared: Prepared) -> Prepared:
    outer = prepared.unfolded
    if outer is None:
        return prepared
    slack = BORDER_SLACK_PIXELS / prepared.preprocessing.channel_std[0]
    graph = fold_normalization(prepared.graph, prepared.image, outer, slack=slack)
    return replace(prepared, graph=graph, unfolded=None)


FOLD_NORMALIZATION = RewriteStep(name="fold_normalization", apply=_fold_all)
