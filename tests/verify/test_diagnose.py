from dataclasses import replace

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from edgevision.tflite.graph import Graph
from edgevision.tflite.read import read_model
from edgevision.verify.layers.snapshot import File
from tests.quantize.builder import Builder
from tests.tflite.models import pack, unpack
from tests.verify.planted import (
    PLAIN,
    SIDE,
    cause,
    files,
    gate,
    one_conv,
    pictures,
    two_branches,
    weights,
)


def factors(**others: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    values = np.ones(32)
    for name, value in others.items():
        values[int(name.removeprefix("c"))] = value
    return values


def test_channel_that_takes_the_range_is_named() -> None:
    found = cause(*files(one_conv(factors(c7=40))), 0)
    assert found.label == "outlier channel"
    assert found.detail.startswith("channel 7 spans")
    assert found.weight > 0.8


def test_channels_alike_are_only_rounded() -> None:
    assert cause(*files(one_conv(factors())), 0).label == "rounding"


def opposed(first: float) -> Graph:
    """Two equal channels, which the first dense output takes with opposed weights of `first`."""
    b = Builder((1, SIDE, SIDE, 3))
    kernel = np.repeat(weights(4, 1, 1, 3), 2, axis=0)
    dense = weights(6, 8, seed=4)
    dense[0] = 0
    dense[0, :2] = first, -first
    x = b.mean(b.conv(b.graph.inputs[0], kernel, None, activation=1))
    return b.finish(b.dense(x, dense, np.zeros(6)))


def test_weight_that_takes_the_only_scale_is_named() -> None:
    coarse = replace(PLAIN, dense_per_channel=False)
    found = cause(*files(opposed(40), recipe=coarse), 2)
    assert found.label == "outlier channel"
    assert "all weights have one scale, set by channel 0" in found.detail
    assert cause(*files(opposed(0.3), recipe=coarse), 2).label == "rounding"


def test_weights_with_a_scale_each_are_no_outlier() -> None:
    assert cause(*files(opposed(40)), 2).label == "rounding"


def test_range_of_dim_photos_is_clipped_by_bright_ones() -> None:
    made = files(one_conv(factors()), calibration=pictures(contrast=0.3))
    found = cause(*made, 0)
    assert found.label == "clipped range"
    assert found.weight > 0.8
    # The same file on photos like those it was calibrated on.
    assert cause(*made, 0, pictures(contrast=0.3)).label == "rounding"


def test_range_stretched_by_one_photo() -> None:
    dim = pictures(12, contrast=0.1)
    made = files(one_conv(factors()), calibration=[*dim, *pictures(1)])
    assert cause(*made, 0, dim).label == "stretched range"
    assert cause(*files(one_conv(factors()), calibration=dim), 0, dim).label == "rounding"


@pytest.mark.parametrize(("operation", "operator"), [("CONCATENATION", 0), ("ADD", 2)])
def test_tiny_range_beside_a_wide_one(operation: str, operator: int) -> None:
    found = cause(*files(two_branches(operation, 0.02)), operator)
    assert found.label == "tiny beside wide"
    assert cause(*files(two_branches(operation, 1)), operator).label == "rounding"


def pooled(offset: float) -> Graph:
    """A convolution and the average of all its places, which is small beside its peaks."""
    b = Builder((1, SIDE, SIDE, 3))
    x = b.conv(b.graph.inputs[0], weights(8, 3, 3, 3), np.full(8, offset))
    options = schema.Pool2DOptionsT()
    options.padding = schema.Padding.VALID
    options.filterHeight = options.filterWidth = options.strideH = options.strideW = SIDE
    return b.finish(b.op("AVERAGE_POOL_2D", [x], (1, 1, 1, 8), options))


def test_pool_that_keeps_the_scale_of_its_wide_input() -> None:
    found = cause(*files(pooled(0.0)), 1)
    assert found.label == "tiny beside wide"
    assert "shares the scale of conv_2d_0" in found.detail
    assert cause(*files(pooled(4.0)), 1).label == "rounding"


def test_channels_lost_below_one_step_are_dead() -> None:
    # Each quiet channel is 0.004 throughout, where a step is about 0.013.
    quiet, bias = np.full(32, 0.0005), np.full(32, 0.004)
    quiet[::8] = 1
    found = cause(*files(one_conv(quiet, bias)), 0)
    assert found.label == "dead channels"
    assert "28 channels of 32 hold one integer" in found.detail


def test_channels_that_are_zero_in_float_too_do_no_harm() -> None:
    half = np.ones(32)
    half[::2] = 0
    assert cause(*files(one_conv(half)), 0).label == "rounding"


@pytest.mark.parametrize("operator", [1, 2], ids=["what the gate reads", "the gate"])
def test_gate_driven_to_its_ends(operator: int) -> None:
    found = cause(*files(gate(400), recipe=replace(PLAIN, clip_saturated=False)), operator)
    assert found.label == "saturated gate"
    assert cause(*files(gate(2)), operator).label == "rounding"


def with_scale_of_weights(made: tuple[File, File], channel: int, scale: float) -> File:
    """The int8 file as written by a tool that derives a dead channel's scale from its weights."""
    model = unpack(made[1].content)
    graph = model.subgraphs[0]
    at = next(
        i for i, op in enumerate(graph.operators) if made[1].model.operators[i].name == "CONV_2D"
    )
    kernel, bias = (graph.tensors[t] for t in graph.operators[at].inputs[1:3])
    steps = [made[1].model.tensors[graph.operators[at].inputs[0]].scales[0] * scale, scale]
    for tensor, value in zip((bias, kernel), steps, strict=True):
        scales = tensor.quantization.scale.copy()
        scales[channel] = value
        tensor.quantization.scale = scales
    integers = np.frombuffer(bytes(model.buffers[bias.buffer].data), np.int32).copy()
    integers[channel] = -(2**31)  # 2**31, wrapped around
    model.buffers[bias.buffer].data = integers.view(np.uint8)
    content = pack(model)
    return replace(made[1], content=content, model=read_model(content))


def test_bias_that_int32_cannot_hold() -> None:
    dead = factors(c5=1e-12)
    bias = np.zeros(32)
    bias[5] = 0.5
    made = files(one_conv(dead, bias))
    found = cause(made[0], with_scale_of_weights(made, 5, 1e-14), 0)
    assert found.label == "bias overflow"
    assert "channel 5" in found.detail
    # Our own file keeps the scale large enough.
    assert cause(*made, 0).label == "rounding"
