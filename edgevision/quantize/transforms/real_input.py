"""Inputs of whole numbers that the graph makes real at once, taken as real ones.

A Keras `Input(dtype="uint8")` becomes a uint8 tensor without a scale and a CAST behind it. The cast
of a pixel is the pixel, so the graph behind it is a float model of pixels like any other.
"""

import copy
from dataclasses import replace

import numpy as np

from edgevision.tflite import ops
from edgevision.tflite.graph import Graph


def with_real_inputs(graph: Graph) -> Graph:
    """The same function of real numbers; inputs that are read in any other way stay as they are."""
    edited = graph
    for at in graph.inputs:
        tensor, readers = graph.tensors[at], [op for op in graph.operators if at in op.inputs]
        is_whole = tensor.dtype is not None and tensor.dtype.kind in "iu" and tensor.scales is None
        casts = {
            op.outputs[0] for op in readers if op.name == ops.CAST and graph.is_float(op.outputs[0])
        }
        if not is_whole or not readers or len(casts) < len(readers):
            continue
        if casts & set(graph.outputs) or at in graph.outputs:
            continue
        if edited is graph:
            edited = graph.copy()
        edited.tensors[at] = copy.copy(edited.tensors[at])
        edited.tensors[at].dtype = np.dtype(np.float32)
        edited.operators = [
            replace(op, inputs=[at if t in casts else t for t in op.inputs])
            for op in edited.operators
            if not casts & set(op.outputs)
        ]
    return edited
