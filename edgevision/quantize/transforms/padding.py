"""The border of a picture: how much a convolution pads, and padding with other values than 0."""

import numpy as np
from numpy.typing import NDArray

from edgevision.tflite import ops, schema
from edgevision.tflite.graph import Graph, Operator, Tensor


def same_padding(graph: Graph, op: Operator) -> NDArray[np.int64]:
    """Rows and columns a convolution with SAME padding adds: [[top, bottom], [left, right]]."""
    if op.options.padding == schema.Padding.VALID:
        return np.zeros((2, 2), np.int64)
    height, width = graph.tensors[op.inputs[0]].shape[1:3]
    kernel = graph.tensors[op.inputs[1]].shape[1:3]
    result = []
    for side, taps, stride, dilation in (
        (height, kernel[0], op.options.strideH, op.options.dilationHFactor),
        (width, kernel[1], op.options.strideW, op.options.dilationWFactor),
    ):
        span = (taps - 1) * dilation + 1
        total = max((-(-side // stride) - 1) * stride + span - side, 0)
        result.append([total // 2, total - total // 2])
    return np.asarray(result, np.int64)


def pad_with(
    graph: Graph, index: int, paddings: NDArray[np.int64], values: NDArray[np.float64]
) -> tuple[int, list[Operator]]:
    """Pad the tensor by a value per channel: PADV2 when it is one value, else constants beside."""
    source = graph.tensors[index]
    name = f"{source.name};padded"
    if (values == values[0]).all():
        shape = tuple(int(s + p.sum()) for s, p in zip(source.shape, paddings, strict=True))
        padded = graph.add_tensor(Tensor(name=name, shape=shape, dtype=source.dtype))
        amounts = graph.add_constant(f"{name};paddings", paddings.astype(np.int32))
        value = graph.add_constant(f"{name};value", np.asarray(values[0], np.float32))
        pad = Operator(
            name=ops.PADV2,
            inputs=[index, amounts, value],
            outputs=[padded],
            options_type=schema.BuiltinOptions.PadV2Options,
            options=schema.PadV2OptionsT(),
        )
        return padded, [pad]
    made: list[Operator] = []
    current = index
    for axis in (2, 1):
        shape = graph.tensors[current].shape
        parts = [current]
        for side, amount in enumerate(int(p) for p in paddings[axis]):
            if amount:
                strip = (*shape[:axis], amount, *shape[axis + 1 :])
                constant = np.broadcast_to(values.astype(np.float32), strip).copy()
                part = graph.add_constant(f"{name};{axis}{side}", constant)
                parts.insert(0 if side == 0 else len(parts), part)
        if len(parts) == 1:
            continue
        wider = list(shape)
        wider[axis] += int(paddings[axis].sum())
        joined = graph.add_tensor(
            Tensor(name=f"{name};{axis}", shape=tuple(wider), dtype=source.dtype)
        )
        options = schema.ConcatenationOptionsT()
        options.axis = axis
        made.append(
            Operator(
                name=ops.CONCATENATION,
                inputs=parts,
                outputs=[joined],
                options_type=schema.BuiltinOptions.ConcatenationOptions,
                options=options,
            )
        )
        current = joined
    return current, made
