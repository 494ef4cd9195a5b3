"""The losses that decide between steps come from whoever knows what the outputs mean."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edgevision.metrics.divergence import mean_root_kl
from edgevision.metrics.signal import noise_share
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.quantize.calibration import calibrated_model
from edgevision.quantize.quantize import QuantizedModel, quantize
from edgevision.quantize.quantized_graph import QuantizedGraph
from edgevision.quantize.search.choose_steps import choose_steps
from edgevision.quantize.search.held_out_loss import HeldOutLoss, compared_tensors
from edgevision.quantize.search.output_loss import losses_by_form
from edgevision.recipe.recipe import Recipe
from edgevision.tasks.loss import OutputLoss
from edgevision.tflite import ops
from edgevision.tflite.graph import Graph
from edgevision.tflite.serialize import serialize
from tests.quantize.builder import Builder, random_images, small_cnn

PREPROCESSING = ImagePreprocessing(width=12, height=12, mean=(127.0,), std=(128.0,))


LossFunction = Callable[[NDArray[Any], NDArray[Any]], float]


def loss_of(
    output: int, function: LossFunction, *, before_activation: bool = False, weight: float = 1.0
) -> OutputLoss:
    return OutputLoss(
        output=output, before_activation=before_activation, function=function, weight=weight
    )


def two_heads() -> Graph:
    rng = np.random.default_rng(2)
    b = Builder((1, 12, 12, 3))
    x = b.mean(b.conv(b.graph.inputs[0], rng.normal(0, 0.3, (6, 3, 3, 3)), None))
    classes = b.softmax(b.dense(x, rng.normal(0, 2, (5, 6)), np.zeros(5)))
    boxes = b.dense(x, rng.normal(0, 2, (4, 6)), np.zeros(4))
    face = b.op("LOGISTIC", [b.dense(x, rng.normal(0, 2, (1, 6)), np.zeros(1))], (1, 1))
    return b.finish(classes, boxes, face)


def made(graph: Graph, losses: tuple[OutputLoss, ...] | None) -> QuantizedModel:
    images = random_images(24)
    return quantize(
        serialize(graph),
        preprocessing=PREPROCESSING,
        images=lambda: images,
        recipe=Recipe(quality="fast"),
        losses=losses,
    )


def test_without_losses_those_that_the_outputs_form_suggests_are_used() -> None:
    graph = two_heads()
    assert [(one.output, one.before_activation) for one in losses_by_form(graph)] == [
        (0, True),
        (1, False),
        (2, False),
    ]
    assert made(graph, None).steps == made(graph, losses_by_form(graph)).steps


def test_a_loss_sees_its_output_of_all_held_out_images_before_the_activation_or_behind() -> None:
    seen: dict[str, tuple[NDArray[np.float32], NDArray[np.float32]]] = {}

    def remember(name: str) -> LossFunction:
        def function(expected: NDArray[np.float32], actual: NDArray[np.float32]) -> float:
            seen[name] = (expected, actual)
            return 1.0

        return function

    made(
        two_heads(),
        (
            loss_of(0, remember("logits"), before_activation=True),
            loss_of(0, remember("scores")),
            loss_of(1, remember("boxes"), before_activation=True),
            loss_of(2, remember("face logit"), before_activation=True),
            loss_of(2, remember("face")),
        ),
    )
    shapes = {name: (e.shape, a.shape) for name, (e, a) in seen.items()}
    assert shapes == {
        "logits": ((6, 1, 5), (6, 1, 5)),
        "scores": ((6, 1, 5), (6, 1, 5)),
        "boxes": ((6, 1, 4), (6, 1, 4)),
        "face logit": ((6, 1, 1), (6, 1, 1)),
        "face": ((6, 1, 1), (6, 1, 1)),
    }
    logits, scores = seen["logits"][0], seen["scores"][0]
    exponentials = np.exp(logits)
    expected = exponentials / exponentials.sum(axis=-1, keepdims=True)
    np.testing.assert_allclose(scores, expected, atol=1e-5)
    logit, face = seen["face logit"][1], seen["face"][1]
    np.testing.assert_allclose(face, 1 / (1 + np.exp(-logit)), atol=1e-5)
    # Near the float model's, and not the float model's.
    for wanted, got in seen.values():
        assert 0 < noise_share(wanted, got) < 0.1


def test_the_losses_decide_what_is_kept() -> None:
    def wants_change(expected: NDArray[np.float32], actual: NDArray[np.float32]) -> float:
        return 1 / (1e-9 + noise_share(expected, actual))

    backwards = made(two_heads(), (loss_of(0, wants_change),))
    ranges = [one for one in backwards.steps if one.step.endswith("min-max")]
    chosen = min(ranges, key=lambda one: one.loss)
    assert [one.kept for one in ranges] == [one is chosen for one in ranges]
    assert backwards.content != made(two_heads(), None).content


@pytest.fixture
def graph_and_loss() -> tuple[QuantizedGraph, Graph, list[tuple[NDArray[np.float32], ...]]]:
    images = random_images(8)
    model = calibrated_model(
        two_heads(),
        preprocessing=PREPROCESSING,
        images=lambda: images,
        recipe=Recipe(quality="fast"),
    )
    feeds = [tuple(feed) for feed in model.feeds()]
    return choose_steps(model, Recipe(quality="fast")), model.graph, feeds


def test_the_loss_is_the_weighted_mean(
    graph_and_loss: tuple[QuantizedGraph, Graph, list[tuple[NDArray[np.float32], ...]]],
) -> None:
    made, graph, feeds = graph_and_loss

    def loss(*losses: OutputLoss) -> float:
        return HeldOutLoss(graph, feeds, losses).of(made)

    one = loss_of(0, lambda _e, _a: 1.0, weight=3.0)
    other = loss_of(1, lambda _e, _a: 5.0)
    assert loss(one, other) == pytest.approx(2.0)
    assert loss(one) == pytest.approx(1.0)
    assert loss() == 0.0


def test_a_softmax_nobody_asks_to_look_before_is_compared_as_it_is_written() -> None:
    by_scores = (loss_of(0, noise_share),)
    assert made(small_cnn(), by_scores).steps != made(small_cnn(), None).steps


def test_a_softmax_is_found_behind_moves_of_its_values() -> None:
    b = Builder((1, 12, 12, 3))
    logits = b.dense(b.mean(b.conv(0, np.ones((4, 3, 3, 3)), None)), np.ones((2, 4)), np.zeros(2))
    graph = b.finish(b.reshape(b.softmax(logits), (2,)))
    before = OutputLoss(output=0, before_activation=True, function=mean_root_kl)
    (compared,) = compared_tensors(graph, (before,))
    assert compared.tensor == logits
    assert compared.reader is not None
    assert graph.operator(compared.reader).name == ops.SOFTMAX
