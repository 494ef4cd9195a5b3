"""A float model of whole numbers (Keras' `Input(dtype="uint8")`) is quantized as one of pixels."""

import numpy as np
import pytest

from edgevision.errors import ModelError
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.quantize.quantize import quantize
from edgevision.quantize.transforms.real_input import with_real_inputs
from edgevision.recipe.recipe import Recipe
from edgevision.tflite.parse import parse
from edgevision.tflite.serialize import serialize
from tests.quantize.builder import Builder, random_images, run

PIXELS = ImagePreprocessing(width=12, height=12, mean=(0.0,), std=(1.0,))


def whole(dtype: str, *, casts: int = 1) -> Builder:
    b = Builder((1, 12, 12, 3))
    b.graph.tensors[0].dtype = np.dtype(dtype)
    chance = np.random.default_rng(0)
    real = [b.op("CAST", [0], (1, 12, 12, 3)) for _ in range(casts)]
    scale = b.constant("scale", np.float32(1 / 255))
    made = [
        b.conv(b.op("MUL", [x, scale], (1, 12, 12, 3)), chance.normal(size=(4, 3, 3, 3)), None)
        for x in real
    ]
    b.finish(*map(b.mean, made))
    return b


@pytest.mark.parametrize("casts", [1, 2])
@pytest.mark.parametrize("dtype", ["uint8", "int32"])
def test_the_int8_file_takes_uint8_pixels_and_answers_like_the_float_one(
    dtype: str, casts: int
) -> None:
    graph = whole(dtype, casts=casts).graph
    images = random_images(10)
    made = quantize(
        serialize(graph),
        preprocessing=PIXELS,
        images=lambda: images,
        recipe=Recipe(ranges="min-max"),
    )
    lowered = parse(made.content)
    assert lowered.tensors[lowered.inputs[0]].dtype == np.uint8
    assert "CAST" not in {op.name for op in lowered.operators}
    for image in images[:3]:
        expected = run(graph, image[None].astype(dtype))
        for wanted, got in zip(expected, run(made.content, image[None]), strict=True):
            np.testing.assert_allclose(got, wanted, atol=0.05 * np.abs(wanted).max())


def test_a_real_input_and_one_that_is_computed_with_as_it_is_stay() -> None:
    b = Builder((1, 12, 12, 3))
    b.finish(b.mean(b.op("CAST", [0], (1, 12, 12, 3))))
    assert with_real_inputs(b.graph) is b.graph
    b = whole("int32")
    b.graph.operators.append(b.graph.operators[0])
    b.graph.operators[-1].name = "ABS"
    assert with_real_inputs(b.graph) is b.graph


def test_an_input_that_is_computed_with_as_whole_numbers_is_refused_by_name() -> None:
    b = Builder((1, 12, 12, 3))
    b.graph.tensors[0].dtype = np.dtype(np.int32)
    doubled = b.op("ADD", [0, 0], (1, 12, 12, 3))
    b.graph.tensors[doubled].dtype = np.dtype(np.int32)
    b.finish(b.mean(b.op("CAST", [doubled], (1, 12, 12, 3))))
    with pytest.raises(ModelError, match="'input_0' is int32") as caught:
        quantize(
            serialize(b.graph),
            preprocessing=PIXELS,
            images=lambda: random_images(4),
            recipe=Recipe(),
        )
    assert "float32 Input" in caught.value.hint
