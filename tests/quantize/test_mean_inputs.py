import numpy as np
import pytest

from edgevision.quantize.correct.bias_correction import bias_shift
from edgevision.quantize.correct.gram import centred_gram
from edgevision.quantize.correct.mean_inputs import mean_response, patch_input, taps_of
from edgevision.tflite.graph import Graph
from tests.quantize.builder import Builder, run

RNG = np.random.default_rng(1)


def layer(kind: str, *, stride: int = 1, same: bool = True) -> Graph:
    b = Builder((1, 7, 6, 4))
    x = b.graph.inputs[0]
    if kind == "dense":
        return b.finish(b.dense(b.reshape(x, (1, 168)), RNG.normal(0, 1, (5, 168)), np.zeros(5)))
    shape = (1, 3, 3, 8) if kind == "depthwise" else (5, 3, 3, 4)
    weights = RNG.normal(0, 1, shape)
    return b.finish(
        b.conv(x, weights, None, stride=stride, same=same, depthwise=kind == "depthwise")
    )


@pytest.mark.parametrize("same", [True, False])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("kind", ["conv", "depthwise", "dense"])
def test_mean_patch_times_weights_is_the_mean_output(kind: str, stride: int, same: bool) -> None:
    graph = layer(kind, stride=stride, same=same)
    at = len(graph.operators) - 1
    op = graph.operators[at]
    image = RNG.normal(0, 1, (1, 7, 6, 4)).astype(np.float32)
    weights = graph.known(op.inputs[1])
    patch = taps_of(graph, op).mean_patch(patch_input(op, image, weights.shape))
    (output,) = run(graph, image)
    np.testing.assert_allclose(
        mean_response(op, weights, patch[None])[0],
        output.reshape(-1, output.shape[-1]).mean(axis=0),
        atol=1e-4,
    )


@pytest.mark.parametrize("kind", ["conv", "depthwise", "dense"])
def test_a_corrected_layer_has_the_float_mean(kind: str) -> None:
    graph = layer(kind)
    op = graph.operators[-1]
    weights = graph.known(op.inputs[1])
    rounded = np.round(weights * 2) / 2
    shape = (3, 1, 1, 168) if kind == "dense" else (3, 3, 3, 4)
    patches, integer_patches = RNG.normal(0, 1, shape), RNG.normal(0.1, 1, shape)
    shift = bias_shift(
        op,
        weights=weights,
        rounded=rounded,
        mean_inputs=patches,
        integer_mean_inputs=integer_patches,
    )
    wanted = mean_response(op, weights, patches)
    got = mean_response(op, rounded, integer_patches) + shift
    np.testing.assert_allclose(np.median(wanted - got, axis=0), 0, atol=1e-5)


def test_one_odd_image_does_not_move_the_bias() -> None:
    graph = layer("dense")
    op = graph.operators[-1]
    weights = graph.known(op.inputs[1])
    patches = np.zeros((9, 1, 1, 168))
    odd = patches.copy()
    odd[4] = 1000.0
    shift = bias_shift(
        op, weights=weights, rounded=weights, mean_inputs=patches, integer_mean_inputs=odd
    )
    np.testing.assert_array_equal(shift, 0)


def test_gram_of_a_pointwise_layer_is_the_covariance_of_its_input() -> None:
    b = Builder((1, 5, 5, 3))
    graph = b.finish(b.conv(b.graph.inputs[0], RNG.normal(0, 1, (2, 1, 1, 3)), None))
    values = [RNG.integers(-128, 128, (1, 5, 5, 3)).astype(np.int8) for _ in range(4)]
    rows = np.concatenate(values).reshape(-1, 3).astype(np.float64)
    gram = centred_gram(graph, graph.operators[0], values, zero=0, seed=0)
    np.testing.assert_allclose(gram, np.cov(rows.T, bias=True), rtol=1e-4)


def test_gram_of_a_depthwise_layer_sees_the_padding_as_zero_point() -> None:
    b = Builder((1, 4, 4, 2))
    weights = RNG.normal(0, 1, (1, 3, 3, 2))
    graph = b.finish(b.conv(b.graph.inputs[0], weights, None, depthwise=True))
    values = [np.full((1, 4, 4, 2), 9, np.int8)]
    gram = centred_gram(graph, graph.operators[0], values, zero=9, seed=0)
    assert gram.shape == (2, 9, 9)
    np.testing.assert_array_equal(gram, 0)
