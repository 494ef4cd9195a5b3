"""Channels scaled past the gate of a swish."""

from dataclasses import replace

import numpy as np
import pytest

from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.quantize.assign.integer_part import integer_part
from edgevision.quantize.assign.score_operators import FLOAT_SCORES
from edgevision.quantize.calibrate.calibrated_model import CalibratedModel
from edgevision.quantize.calibrate.prepare import feeds, prepare
from edgevision.quantize.calibrate.statistics import observe
from edgevision.quantize.calibration import observe_images
from edgevision.quantize.quantize import quantize
from edgevision.quantize.search.choose_sites import choose_sites
from edgevision.quantize.step import Scope
from edgevision.quantize.steps import STEPS
from edgevision.quantize.transforms.fast_operators import with_fast_operators
from edgevision.quantize.transforms.swish_equalization import equalize_past_swish, swish_pairs
from edgevision.recipe.recipe import Recipe
from edgevision.tflite import schema
from edgevision.tflite.graph import Graph
from edgevision.tflite.serialize import serialize
from tests.quantize.builder import RELU, Builder, random_images, run

PREPROCESSING = ImagePreprocessing(width=12, height=12, mean=(127.0,), std=(128.0,))
RECIPE = Recipe(precision="int8", output_type="float32")
LOUD = (40.0, 1.0, 0.5, 0.3, 1.0, 0.4, 0.2, 0.1)
EVEN = (1.0,) * 8


def network(loudness: tuple[float, ...], *, kind: str = "swish", pad: bool = False) -> Graph:
    """conv - swish - depthwise - conv - mean - dense; quiet channels count as much."""
    rng = np.random.default_rng(3)
    loud = np.asarray(loudness)
    b = Builder((1, 12, 12, 3))
    kernel = rng.normal(0, 0.4, (8, 3, 3, 3)) * loud[:, None, None, None]
    x = b.conv(b.graph.inputs[0], kernel, rng.normal(0, 0.1, 8))
    shape = b.graph.tensors[x].shape
    if kind == "swish":
        y = b.binary("MUL", x, b.op("LOGISTIC", [x], shape))
    else:
        y = b.op("HARD_SWISH", [x], shape, schema.HardSwishOptionsT())
    if pad:
        amounts = b.constant("amounts", np.asarray([[0, 0], [1, 1], [1, 1], [0, 0]], np.int32))
        y = b.op("PAD", [y, amounts], (1, 14, 14, 8))
    y = b.conv(y, rng.normal(0, 0.5, (1, 3, 3, 8)) / loud, None, same=not pad, depthwise=True)
    # Work enough that an operator more is cheap, as it is in a real network.
    y = b.conv(y, rng.normal(0, 0.3, (512, 1, 1, 8)), None, activation=RELU)
    logits = b.dense(b.mean(y), rng.normal(0, 0.4, (5, 512)), rng.normal(0, 0.1, 5))
    return with_fast_operators(b.finish(b.softmax(logits)))


def calibrated_of(graph: Graph, recipe: Recipe = RECIPE, count: int = 24) -> CalibratedModel:
    """What `quantize.calibrated_of` has before any gate is looked at."""
    images = random_images(count)
    prepared = prepare(graph, PREPROCESSING, recipe, STEPS)
    integer = integer_part(prepared.graph, recipe, FLOAT_SCORES.apply(prepared.graph))
    scope = Scope(graph=prepared.graph, integer=integer.operators, recipe=recipe)
    statistics = observe_images(prepared, scope, lambda: images)
    return CalibratedModel(
        prepared=prepared,
        statistics=statistics,
        integer=integer,
        feeds=lambda: feeds(prepared, lambda: images),
    )


def equalized(calibrated: CalibratedModel) -> CalibratedModel:
    (pair,) = swish_pairs(calibrated.prepared.graph, calibrated.integer.operators)
    return equalize_past_swish(calibrated, pair.made)


@pytest.mark.parametrize("kind", ["swish", "hard-swish"])
@pytest.mark.parametrize("pad", [False, True])
def test_the_float_answers_stay_the_same(kind: str, pad: bool) -> None:
    before = calibrated_of(network(LOUD, kind=kind, pad=pad))
    after = equalized(before)
    assert len(after.prepared.graph.operators) == len(before.prepared.graph.operators) + 1
    for feed in before.feeds():
        ours, theirs = (run(one.prepared.graph, *feed)[0] for one in (after, before))
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


@pytest.mark.parametrize("kind", ["swish", "hard-swish"])
@pytest.mark.parametrize("pad", [False, True])
def test_the_statistics_are_those_of_the_edited_network(kind: str, pad: bool) -> None:
    after = equalized(calibrated_of(network(LOUD, kind=kind, pad=pad)))
    predicted = after.statistics
    measured = observe(
        after.prepared.graph,
        after.feeds,
        watched=sorted(predicted.low),
        followed=sorted(predicted.mean_inputs),
    )
    for t in measured.low:
        for ours, theirs, bound in (
            (predicted.low[t], measured.low[t], np.minimum),
            (predicted.high[t], measured.high[t], np.maximum),
        ):
            np.testing.assert_allclose(bound(ours, 0), bound(theirs, 0), rtol=1e-4, atol=1e-4)
    for at, mean_inputs in measured.mean_inputs.items():
        np.testing.assert_allclose(predicted.mean_inputs[at], mean_inputs, rtol=1e-4, atol=1e-4)


def test_operators_behind_the_gate_move_and_keep_their_precision() -> None:
    before = calibrated_of(network(LOUD))
    after = equalized(before)
    names = [op.name for op in after.prepared.graph.operators]
    assert names[:4] == ["CONV_2D", "MUL", "LOGISTIC", "MUL"]
    softmax = next(op.id for op in after.graph.operators if op.name == "SOFTMAX")
    assert after.integer.operators == {op.id for op in after.graph.operators} - {softmax}
    left = after.integer.float_operators(after.graph)
    assert [(s.operator, s.position) for s in left] == [("SOFTMAX", names.index("SOFTMAX"))]
    assert swish_pairs(after.prepared.graph, after.integer.operators) == ()


def test_quiet_channels_rise_and_no_range_grows() -> None:
    before = calibrated_of(network(LOUD))
    after = equalized(before)
    graphs = [one.prepared.graph for one in (before, after)]
    plain, scaled = (graph.known(graph.operators[0].inputs[1]) for graph in graphs)
    factors = (scaled / plain).reshape(8, -1).mean(axis=1)
    assert factors[0] == pytest.approx(1)
    assert factors[1:].min() > 2
    conv = before.prepared.graph.operators[0].outputs[0]
    assert after.statistics.high[conv].max() <= before.statistics.high[conv].max() * 1.001


def test_where_something_else_reads_the_swish_nothing_is_raised() -> None:
    graph = network(LOUD)
    every = frozenset(range(len(graph.operators)))
    assert len(swish_pairs(graph, every)) == 1
    product = next(op for op in graph.operators if op.name == "MUL").outputs[0]
    graph.outputs.append(product)
    assert swish_pairs(graph, every) == ()
    assert swish_pairs(network(LOUD), every - {2}) == ()


def test_a_gate_is_kept_where_it_brings_answers_nearer() -> None:
    kept = choose_sites(calibrated_of(network(LOUD)), RECIPE)
    assert [line.kept for line in kept.trials] == [True]
    assert "channels scaled past the gate behind conv_2d_0" in kept.trials[0].step
    even = calibrated_of(network(EVEN))
    assert choose_sites(even, RECIPE) is even


def test_equalization_off_leaves_gates_alone_and_on_raises_past_all() -> None:
    off = replace(RECIPE, equalization="off")
    calibrated = calibrated_of(network(LOUD), off)
    assert choose_sites(calibrated, off) is calibrated
    calibrated = calibrated_of(network(EVEN))
    forced = choose_sites(calibrated, replace(RECIPE, equalization="on"))
    assert len(forced.prepared.graph.operators) == len(calibrated.prepared.graph.operators) + 1


def test_few_images_leave_gates_alone() -> None:
    calibrated = calibrated_of(network(LOUD), count=4)
    assert choose_sites(calibrated, RECIPE) is calibrated


@pytest.mark.parametrize("kind", ["swish", "hard-swish"])
def test_the_file_answers_nearer_to_the_float_model(kind: str) -> None:
    graph = network(LOUD, kind=kind)
    content, images = serialize(graph), random_images(24)
    unseen = random_images(40, seed=9)
    expected = [run(content, ((x - 127.0) / 128).astype(np.float32)[None])[0] for x in unseen]
    errors = []
    for step in ("off", "auto"):
        made = quantize(
            content,
            preprocessing=PREPROCESSING,
            images=lambda: images,
            recipe=replace(RECIPE, equalization=step),
        )
        got = [run(made.content, x[None])[0] for x in unseen]
        errors.append(float(np.square(np.subtract(got, expected)).mean()))
    assert errors[1] < errors[0] / 2
