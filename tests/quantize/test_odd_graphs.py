"""Whatever a valid graph holds, quantizing it gives a file that answers like the float model."""

from dataclasses import replace

import numpy as np
import pytest

from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.quantize.quantize import quantize
from edgevision.quantize.transforms.fold_constants import MOST_ELEMENTS, with_folded_constants
from edgevision.recipe.recipe import Recipe
from edgevision.tflite.parse import parse
from edgevision.tflite.serialize import serialize
from tests.quantize.builder import Builder, random_images, run
from tests.quantize.odd_graphs import GRAPHS, exp, weights

PREPROCESSING = ImagePreprocessing(width=12, height=12, mean=(127.0,), std=(128.0,))
# Images of noise have no typical range, so none may be clipped here.
INT8 = Recipe(ranges="min-max", weight_rounding="on", equalization="on", input_type="float32")
RECIPES = {
    "int8": INT8,
    "nothing-folded": replace(INT8, steps={"fold_constants": "off"}),
    "full-integer": Recipe(ranges="min-max", input_type="int8", output_type="int8"),
    "int16x8": replace(INT8, precision="int16x8"),
    "dynamic": Recipe(precision="dynamic", input_type="float32"),
    "fp16": Recipe(precision="fp16", input_type="float32"),
}


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("name", GRAPHS)
def test_an_odd_graph_is_quantized_and_answers_like_the_float_one(name: str, recipe: str) -> None:
    graph = GRAPHS[name]()
    images = random_images(10)
    second = np.linspace(-1, 1, 4).astype(np.float32)
    items = [(image, second) for image in images] if len(graph.inputs) > 1 else images
    made = quantize(
        serialize(graph),
        preprocessing=PREPROCESSING,
        images=lambda: items,
        recipe=RECIPES[recipe],
    )
    if RECIPES[recipe].input_type != "float32":
        return
    for image in images[:3]:
        pixels = ((image.astype(np.float32) - 127) / 128).astype(np.float32)
        fed = [pixels[None], second[None]]
        given = fed[: len(graph.inputs)]
        for expected, got in zip(run(graph, *given), run(made.content, *given), strict=True):
            assert got.shape == expected.shape
            bound = 0.12 * np.abs(expected).max(initial=0.01)
            np.testing.assert_allclose(got, expected, atol=bound)


def test_weights_computed_of_constants_run_in_integers_once_folded() -> None:
    images = random_images(10)
    made = quantize(
        serialize(GRAPHS["computed_weights"]()),
        preprocessing=PREPROCESSING,
        images=lambda: images,
        recipe=Recipe(),
    )
    assert made.skipped == ()
    assert "EXP" not in {op.name for op in parse(made.content).operators}


def test_random_numbers_and_large_results_stay_computed() -> None:
    b = Builder((1, 12, 12, 3))
    shape = b.constant("shape", np.array([1, 12, 12, 3], np.int32))
    noise = b.op("RANDOM_UNIFORM", [shape], (1, 12, 12, 3))
    many = b.constant("many", np.array([MOST_ELEMENTS + 1], np.int32))
    b.op("FILL", [many, b.constant("value", np.float32(1))], (MOST_ELEMENTS + 1,))
    graph = b.finish(b.binary("ADD", b.graph.inputs[0], noise))
    assert with_folded_constants(graph) is graph


def test_folding_leaves_the_graph_it_is_given_alone() -> None:
    b = Builder((1, 12, 12, 3))
    x = b.conv(b.graph.inputs[0], weights(4, 3, 3, 3), None)
    graph = b.finish(b.binary("MUL", x, exp(b, 1, 1, 1, 4)))
    folded = with_folded_constants(graph)
    assert [op.name for op in folded.operators] == ["CONV_2D", "MUL"]
    assert [op.name for op in graph.operators] == ["CONV_2D", "EXP", "MUL"]
    assert graph.constant(graph.operators[1].outputs[0]) is None
