from dataclasses import replace

import numpy as np

from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.quantize.quantize import quantize
from edgevision.quantize.transforms.fast_operators import with_fast_operators
from edgevision.recipe.recipe import Recipe
from edgevision.tflite.graph import Graph
from edgevision.tflite.parse import parse
from edgevision.tflite.serialize import serialize
from tests.quantize.builder import Builder, random_images, run, small_cnn

PREPROCESSING = ImagePreprocessing(width=12, height=12, mean=(127.0,), std=(128.0,))


def swish_net() -> Graph:
    rng = np.random.default_rng(0)
    b = Builder((1, 12, 12, 3))
    x = b.conv(b.graph.inputs[0], rng.normal(0, 1.5, (6, 3, 3, 3)), rng.normal(0, 1, 6))
    x = b.op("HARD_SWISH", [x], (1, 12, 12, 6))
    return b.finish(b.dense(b.mean(x), rng.normal(0, 1, (4, 6)), np.zeros(4)))


def test_the_rewritten_graph_is_the_same_function() -> None:
    graph = swish_net()
    rewritten = with_fast_operators(graph)
    assert "HARD_SWISH" not in {op.name for op in rewritten.operators}
    rng = np.random.default_rng(1)
    for scale in (0.1, 1.0, 20.0):
        image = rng.normal(0, scale, (1, 12, 12, 3)).astype(np.float32)
        expected = run(graph, image)[0]
        np.testing.assert_allclose(run(rewritten, image)[0], expected, rtol=1e-5, atol=1e-5)


def test_a_graph_without_such_operators_is_left_alone() -> None:
    graph = small_cnn()
    assert with_fast_operators(graph) is graph


def test_an_int8_file_has_no_hard_swish_unless_asked_to_keep_it() -> None:
    images = random_images(12)
    content = serialize(swish_net())
    for rewrite in (True, False):
        recipe = replace(Recipe(quality="fast", ranges="min-max"), rewrite=rewrite)
        made = quantize(content, preprocessing=PREPROCESSING, images=lambda: images, recipe=recipe)
        names = {op.name for op in parse(made.content).operators}
        assert ("HARD_SWISH" in names) is not rewrite
        for image in images[:3]:
            real = ((image.astype(np.float32) - 127) / 128)[None]
            expected = run(content, real)[0]
            got = run(made.content, image[None])[0]
            np.testing.assert_allclose(got, expected, atol=0.2)  # a step and a half
