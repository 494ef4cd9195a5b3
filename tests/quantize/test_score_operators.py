"""Which operators count as the scores' own, and what leaving them in float is worth."""

import numpy as np

from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.quantize.assign.score_operators import score_operators
from edgevision.quantize.quantize import quantize
from edgevision.recipe.recipe import Recipe
from edgevision.tflite.graph import Graph
from edgevision.tflite.serialize import serialize
from tests.quantize.builder import Builder, random_images, run, small_cnn

PREPROCESSING = ImagePreprocessing(width=12, height=12, mean=(127.0,), std=(128.0,))


def names(graph: Graph) -> list[str]:
    return [op.name for op in graph.operators if op.id in score_operators(graph)]


def test_the_softmax_behind_an_output_is_found_and_no_gate_inside() -> None:
    b = Builder((1, 4, 4, 2))
    gate = b.op("LOGISTIC", [b.graph.inputs[0]], (1, 4, 4, 2))
    gated = b.binary("MUL", b.graph.inputs[0], gate)
    graph = b.finish(b.softmax(b.dense(b.mean(gated), np.ones((3, 2)))))
    assert names(graph) == ["SOFTMAX"]


def test_what_moves_the_scores_belongs_to_them() -> None:
    b = Builder((1, 6))
    graph = b.finish(b.reshape(b.softmax(b.graph.inputs[0]), (1, 1, 6)))
    assert names(graph) == ["SOFTMAX", "RESHAPE"]


def test_logits_have_no_score_operator() -> None:
    b = Builder((1, 6))
    assert names(b.finish(b.reshape(b.dense(b.graph.inputs[0], np.eye(6)), (1, 2, 3)))) == []


def test_a_sigmoid_that_other_operators_read_behind_a_mover_stays() -> None:
    b = Builder((1, 6))
    sigmoid = b.op("LOGISTIC", [b.graph.inputs[0]], (1, 6))
    graph = b.finish(b.reshape(sigmoid, (1, 1, 6)), b.dense(sigmoid, np.eye(6)))
    assert names(graph) == []


def test_small_scores_are_kept_apart() -> None:
    graph = small_cnn(classes=400)
    images = random_images(8)
    want = run(graph, (images[0].astype(np.float32)[None] - 127) / 128)[0]
    fine, coarse = (
        run(
            quantize(
                serialize(graph),
                preprocessing=PREPROCESSING,
                images=lambda: images,
                recipe=Recipe(quality="fast", float_scores=kept),
            ).content,
            images[0][None],
        )[0]
        for kept in (True, False)
    )
    assert (coarse == 0).mean() > 0.5
    assert (fine > 0).all()
    assert np.abs(fine - want).mean() < 0.5 * np.abs(coarse - want).mean()
