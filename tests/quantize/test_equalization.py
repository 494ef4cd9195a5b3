import numpy as np
import pytest

from edgevision.quantize.calibrate.statistics import Statistics, observe
from edgevision.quantize.transforms.equalization import (
    MOST,
    equalizable_pairs,
    equalization_factors,
    equalize,
)
from edgevision.tflite.graph import Graph
from tests.quantize.builder import RELU, RELU6, Builder, run

RNG = np.random.default_rng(2)


def uneven(activation: int, *, depthwise: bool = True) -> Graph:
    """A convolution with one loud and several quiet channels, PAD, and a layer that reads it."""
    b = Builder((1, 8, 8, 3))
    loudness = np.asarray([1.0, 0.3, 0.02, 1e-12]).reshape(4, 1, 1, 1)
    x = b.conv(b.graph.inputs[0], RNG.normal(0, 1, (4, 1, 1, 3)) * loudness, None, same=True)
    b.graph.operators[-1].options.fusedActivationFunction = activation
    amounts = b.constant("amounts", np.asarray([[0, 0], [1, 1], [1, 1], [0, 0]], np.int32))
    x = b.op("PAD", [x, amounts], (1, 10, 10, 4))
    kernel = RNG.normal(0, 1, (1, 3, 3, 4) if depthwise else (5, 3, 3, 4))
    return b.finish(b.conv(x, kernel, None, same=False, depthwise=depthwise))


def feeds() -> list[tuple[np.ndarray, ...]]:
    rng = np.random.default_rng(7)
    return [(rng.normal(0, 0.7, (1, 8, 8, 3)).astype(np.float32),) for _ in range(6)]


def watched(graph: Graph) -> Statistics:
    made = graph.operators[0].outputs[0]
    tensors = [graph.inputs[0]] + [op.outputs[0] for op in graph.operators]
    return observe(graph, feeds, watched=tensors, by_channel=[made], followed=[0, 2])


@pytest.mark.parametrize("depthwise", [True, False])
@pytest.mark.parametrize("activation", [0, RELU, RELU6])
def test_the_float_answers_stay_the_same(activation: int, depthwise: bool) -> None:
    graph = uneven(activation, depthwise=depthwise)
    equalized, _ = equalize(graph, watched(graph))
    for feed in feeds():
        np.testing.assert_allclose(run(equalized, *feed)[0], run(graph, *feed)[0], atol=1e-5)


@pytest.mark.parametrize("depthwise", [True, False])
@pytest.mark.parametrize("activation", [0, RELU, RELU6])
def test_the_statistics_are_those_of_the_equalized_network(
    activation: int, depthwise: bool
) -> None:
    graph = uneven(activation, depthwise=depthwise)
    equalized, predicted = equalize(graph, watched(graph))
    measured = watched(equalized)
    for t in measured.low:
        np.testing.assert_allclose(
            np.minimum(predicted.low[t], 0), np.minimum(measured.low[t], 0), atol=1e-4
        )
        np.testing.assert_allclose(
            np.maximum(predicted.high[t], 0), np.maximum(measured.high[t], 0), atol=1e-4
        )
    for at, mean_inputs in measured.mean_inputs.items():
        np.testing.assert_allclose(predicted.mean_inputs[at], mean_inputs, atol=1e-4)


def test_quiet_channels_rise_loud_and_dead_ones_do_not() -> None:
    high = np.asarray([[6.0, 2.0, 0.1, 0.0], [6.0, 1.0, 0.1, 0.0]])
    factors = equalization_factors(np.zeros_like(high), high)
    np.testing.assert_allclose(factors, [1.0, 6 / (1.3 * 2), MOST, 1.0])


def test_channels_whose_weights_share_a_scale_rise_by_the_root() -> None:
    graph = uneven(RELU, depthwise=False)
    watched_ = watched(graph)
    made = graph.operators[0].outputs[0]
    full = equalization_factors(watched_.channel_low[made], watched_.channel_high[made])
    equalized, _ = equalize(graph, watched_)
    before, after = (g.known(g.operators[2].inputs[1]) for g in (graph, equalized))
    np.testing.assert_allclose(before / after, np.broadcast_to(full**0.5, before.shape), rtol=1e-5)
    assert full.max() > 2


def test_only_what_one_convolution_alone_reads_is_a_pair() -> None:
    graph = uneven(RELU)
    assert [(p.producer, p.consumer) for p in equalizable_pairs(graph)] == [(0, 2)]
    graph.outputs.append(graph.operators[0].outputs[0])
    assert equalizable_pairs(graph) == ()
