"""Normalization as a MUL and an ADD at the front of the graph, where no layer takes it."""

from dataclasses import replace

import numpy as np

from edgevision.quantize.calibrate.prepared import Prepared
from edgevision.quantize.transforms.input_affine import Affine
from edgevision.tflite import ops, schema
from edgevision.tflite.graph import Graph, Operator, Tensor


def with_explicit_normalization(prepared: Prepared) -> Prepared:
    """`prepared` with what is not folded yet as a MUL and an ADD at the front."""
    outer = prepared.unfolded
    if outer is None or outer.is_identity:
        return replace(prepared, unfolded=None)
    edited, image = prepared.graph.copy(), prepared.image
    front = explicit_affine(edited, image, image, outer)
    edited.operators = [
        new for at, op in enumerate(edited.operators) for new in front.get(at, [op])
    ]
    return replace(prepared, graph=edited, unfolded=None)


def explicit_affine(
    graph: Graph, index: int, current: int, total: Affine
) -> dict[int, list[Operator]]:
    """A MUL and an ADD at the front, writing what the first remaining operators read."""
    if current == index:
        # The readers of the old input must read the new tensor instead.
        tensor = graph.tensors[index]
        current = graph.add_tensor(
            Tensor(name=f"{tensor.name};normalized", shape=tensor.shape, dtype=tensor.dtype)
        )
        for op in graph.operators:
            op.inputs = [current if t == index else t for t in op.inputs]
    shape = graph.tensors[index].shape
    name = graph.tensors[index].name
    scaled = graph.add_tensor(
        Tensor(name=f"{name};scaled", shape=shape, dtype=np.dtype(np.float32))
    )
    made = []
    for kind, options, source, values, target in (
        (ops.MUL, schema.MulOptionsT(), index, total.factor, scaled),
        (ops.ADD, schema.AddOptionsT(), scaled, total.shift, current),
    ):
        constant = graph.add_constant(f"{name};{kind.lower()}", values.astype(np.float32))
        made.append(
            Operator(
                name=kind,
                inputs=[source, constant],
                outputs=[target],
                options_type=getattr(schema.BuiltinOptions, f"{kind.title()}Options"),
                options=options,
            )
        )
    first = min(
        (at for at, op in enumerate(graph.operators) if current in op.inputs),
        default=0,
    )
    return {first: [*made, graph.operators[first]]}
