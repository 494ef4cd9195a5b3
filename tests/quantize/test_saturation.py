"""Where the range of an activation function's input may end."""

from itertools import pairwise

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from hypothesis import given
from hypothesis import strategies as st

from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.quantize.calibrate.saturation import saturated_ranges
from edgevision.quantize.quantize import quantize
from edgevision.quantize.transforms.fast_operators import with_fast_operators
from edgevision.recipe.recipe import Recipe
from edgevision.tflite.graph import Graph
from edgevision.tflite.serialize import serialize
from tests.quantize.builder import RELU6, Builder, random_images, run

PREPROCESSING = ImagePreprocessing(width=12, height=12, mean=(127.0,), std=(128.0,))
WIDE = (-20.0, 20.0)


def swish(b: Builder, x: int) -> int:
    return b.binary("MUL", x, b.op("LOGISTIC", [x], b.graph.tensors[x].shape))


def narrowed(graph: Graph, made: tuple[float, float] = (-0.5, 20.0)) -> tuple[float, float]:
    """The range found for the first operator's output, when the last one's is `made`."""
    ranges = dict.fromkeys((t for op in graph.operators for t in op.outputs), WIDE)
    ranges[graph.operators[-1].outputs[0]] = made
    found = saturated_ranges(graph, ranges, integer=frozenset(op.id for op in graph.operators))
    return found[graph.operators[0].outputs[0]]


def start() -> tuple[Builder, int]:
    b = Builder((1, 2, 2, 3))
    return b, b.conv(b.graph.inputs[0], np.ones((3, 1, 1, 3)), None)


def test_a_swish_ends_where_it_is_half_a_step_from_zero() -> None:
    b, x = start()
    low, high = narrowed(b.finish(swish(b, x)), (-0.5, 20.0))
    assert high == 20
    assert low / (1 + np.exp(-low)) == pytest.approx(-20.5 / 255 / 2, rel=1e-6)
    assert low < -1.2785


def test_a_swish_of_raised_channels_ends_where_its_highest_does() -> None:
    b, x = start()
    seen = b.binary("MUL", x, b.constant("lowering", [[[[1.0, 0.5, 0.25]]]]))
    made = b.binary("MUL", x, b.op("LOGISTIC", [seen], (1, 2, 2, 3)))
    low, high = narrowed(b.finish(made), (-0.5, 200.0))
    assert high == 20
    assert low / (1 + np.exp(-low / 4)) == pytest.approx(-200.5 / 255 / 2, rel=1e-6)
    assert low < 4 * -1.2785


def test_a_swish_whose_gate_sees_another_sign_is_none() -> None:
    b, x = start()
    seen = b.binary("MUL", x, b.constant("turned", [[[[1.0, -0.5, 0.25]]]]))
    made = b.binary("MUL", x, b.op("LOGISTIC", [seen], (1, 2, 2, 3)))
    assert narrowed(b.finish(made)) == WIDE


def test_a_hard_swish_ends_at_minus_three_written_out_too() -> None:
    b, x = start()
    graph = b.finish(b.op("HARD_SWISH", [x], (1, 2, 2, 3)))
    assert narrowed(graph) == (-3, 20)
    assert narrowed(with_fast_operators(graph)) == (-3, 20)


def test_a_hard_sigmoid_gate_ends_on_both_sides() -> None:
    b, x = start()
    add = schema.AddOptionsT()
    add.fusedActivationFunction = RELU6
    shifted = b.op("ADD", [x, b.constant("three", [3.0])], (1, 2, 2, 3), add)
    assert narrowed(b.finish(shifted)) == (-3, 3)


def test_a_sigmoid_ends_where_its_last_step_begins() -> None:
    b, x = start()
    low, high = narrowed(b.finish(b.op("LOGISTIC", [x], (1, 2, 2, 3))))
    assert 1 / (1 + np.exp(-high)) == pytest.approx(1 - 1 / 512)
    assert low == -high


@pytest.mark.parametrize("reader", ["another", "output", "float"])
def test_what_others_read_keeps_its_range(reader: str) -> None:
    b, x = start()
    made = swish(b, x)
    if reader == "another":
        made = b.binary("ADD", made, x)
    graph = b.finish(made, x) if reader == "output" else b.finish(made)
    integer = frozenset(range(len(graph.operators))) - ({2} if reader == "float" else set())
    ranges = dict.fromkeys((t for op in graph.operators for t in op.outputs), WIDE)
    whole = {x} if reader == "output" else set()
    assert saturated_ranges(graph, ranges, integer=integer, whole=whole)[x] == WIDE


def test_a_range_that_lies_beyond_the_end_stays() -> None:
    b, x = start()
    graph = b.finish(b.op("HARD_SWISH", [x], (1, 2, 2, 3)))
    ranges = {x: (-9.0, -4.0), graph.operators[-1].outputs[0]: (0.0, 0.0)}
    assert saturated_ranges(graph, ranges, integer=frozenset({0, 1}))[x] == (-9.0, -4.0)


@given(st.floats(0.01, 100), st.floats(1, 50))
def test_clipping_a_swish_is_off_by_less_than_rounding(top: float, bottom: float) -> None:
    b, x = start()
    graph = b.finish(swish(b, x))
    made = graph.operators[-1].outputs[0]
    ranges = dict.fromkeys((x, graph.operators[1].outputs[0]), (-bottom, top))
    ranges[made] = (-0.28, top)
    low, _ = saturated_ranges(graph, ranges, integer=frozenset({0, 1, 2}))[x]
    cut = np.linspace(-bottom, low, 100)
    before, after = cut / (1 + np.exp(-cut)), low / (1 + np.exp(-low))
    assert np.abs(before - after).max() <= (top + 0.28) / 255 / 2 * 1.001 + 1e-9


def test_a_deep_swish_network_answers_nearer() -> None:
    rng = np.random.default_rng(0)
    b = Builder((1, 12, 12, 3))
    x = b.graph.inputs[0]
    for before, after in pairwise((3, 12, 12, 12)):
        # In most channels far below zero, where a swish makes nothing of it.
        weights = rng.normal(0, 2 / np.sqrt(before), (after, 1, 1, before))
        x = swish(b, b.conv(x, weights, rng.choice([-30.0, 0.0], after)))
    graph = b.finish(b.dense(b.mean(x), rng.normal(0, 1, (5, 12))))
    images = random_images(12)
    real = [(image.astype(np.float32)[None] - 127) / 128 for image in images]
    want = np.concatenate([run(graph, one)[0] for one in real])
    errors = []
    for clipped in (True, False):
        recipe = Recipe(quality="fast", ranges="min-max", clip_saturated=clipped)
        made = quantize(
            serialize(graph), preprocessing=PREPROCESSING, images=lambda: images, recipe=recipe
        )
        got = np.concatenate([run(made.content, image[None])[0] for image in images])
        errors.append(np.abs(got - want).mean())
    assert errors[0] < 0.8 * errors[1], errors


def test_int16_has_steps_enough_for_what_int8_cannot_tell_apart() -> None:
    b, x = start()
    gate = b.op("LOGISTIC", [x], (1, 2, 2, 3))
    graph = b.finish(b.conv(gate, np.ones((3, 1, 1, 3)), None))
    images = random_images(8, side=2)
    preprocessing = ImagePreprocessing(width=2, height=2, mean=(127.0,), std=(2.0,))
    made = [
        quantize(
            serialize(graph),
            preprocessing=preprocessing,
            images=lambda: images,
            recipe=Recipe(precision="int16x8", output_type="int8", clip_saturated=clipped),
        )
        for clipped in (True, False)
    ]
    assert made[0].ranges == made[1].ranges
    assert made[0].ranges["conv_2d_0"][1] > 40
