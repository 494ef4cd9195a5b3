from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edgevision.errors import ImageSetError, ModelError
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.quantize.quantize import QuantizedModel, quantize
from edgevision.recipe.named import RECIPES
from edgevision.recipe.recipe import InputType, OutputType, Recipe
from edgevision.runtime.input_encoder import InputEncoder
from edgevision.runtime.session import Session
from edgevision.tflite.graph import Graph
from edgevision.tflite.parse import parse
from edgevision.tflite.serialize import serialize
from tests.quantize.builder import RELU6, Builder, random_images, run, small_cnn

PREPROCESSING = ImagePreprocessing(width=12, height=12, mean=(127.0,), std=(128.0,))
PER_CHANNEL = replace(PREPROCESSING, mean=(123.675, 116.28, 103.53), std=(58.395, 57.12, 57.375))


def made(
    graph: Graph, recipe: Recipe, preprocessing: ImagePreprocessing = PREPROCESSING, count: int = 12
) -> QuantizedModel:
    images = random_images(count)
    return quantize(
        serialize(graph), preprocessing=preprocessing, images=lambda: images, recipe=recipe
    )


def answers(
    content: bytes, preprocessing: ImagePreprocessing, images: list[Any]
) -> NDArray[np.float32]:
    with Session(content) as session:
        feed = InputEncoder(session.inputs[0], preprocessing)
        spec = session.outputs[0]
        return np.stack([spec.to_real(session.run(feed(image))[0])[0] for image in images])


@pytest.mark.parametrize(
    "preprocessing", [PREPROCESSING, PER_CHANNEL, replace(PREPROCESSING, mean=(127.5,))]
)
@pytest.mark.parametrize("name", sorted(RECIPES))
def test_every_recipe_answers_like_the_float_model(
    name: str, preprocessing: ImagePreprocessing
) -> None:
    # Images of noise have no typical range, so none may be clipped here.
    graph = small_cnn()
    model = made(graph, replace(RECIPES[name], ranges="min-max"), preprocessing)
    images = random_images(12)
    expected = answers(serialize(graph), preprocessing, images)
    np.testing.assert_allclose(
        answers(model.content, model.preprocessing, images), expected, atol=0.06
    )


def test_default_interface_is_raw_pixels_in_and_float_scores_out() -> None:
    with Session(made(small_cnn(), Recipe()).content) as session:
        (given,), (scores,) = session.inputs, session.outputs
        assert given.dtype == np.uint8
        assert given.quantization is not None
        assert given.quantization.zero_point == 127
        assert given.quantization.scale == 1 / 128
        assert scores.dtype == np.float32


def float_operators(recipe: Recipe) -> list[str]:
    graph = parse(made(small_cnn(), recipe).content)
    return [
        op.name
        for op in graph.operators
        if any(graph.is_float(t) for t in (*op.inputs, *op.outputs))
    ]


def test_everything_between_pixels_and_logits_is_int8() -> None:
    assert float_operators(Recipe()) == ["DEQUANTIZE", "SOFTMAX"]
    assert float_operators(Recipe(float_scores=False)) == ["DEQUANTIZE"]
    assert float_operators(Recipe(output_type="int8")) == []


@pytest.mark.parametrize(
    "preprocessing", [PREPROCESSING, PER_CHANNEL, replace(PREPROCESSING, mean=(127.5,))]
)
@pytest.mark.parametrize("input_type", ["uint8", "int8"])
def test_pixels_are_fed_as_they_are(
    input_type: InputType, preprocessing: ImagePreprocessing
) -> None:
    model = made(small_cnn(), Recipe(input_type=input_type), preprocessing)
    pixels = np.arange(432).reshape(12, 12, 3).astype(np.uint8)
    with Session(model.content) as session:
        fed = InputEncoder(session.inputs[0], model.preprocessing)(pixels)[0]
    shift = 128 if input_type == "int8" else 0
    np.testing.assert_array_equal(fed, pixels.astype(int) - shift)


@pytest.mark.parametrize("output_type", ["int8", "uint8"])
def test_integer_outputs_say_their_scale(output_type: OutputType) -> None:
    model = made(small_cnn(), Recipe(output_type=output_type))
    with Session(model.content) as session:
        (scores,) = session.outputs
        assert scores.dtype == output_type
        assert scores.quantization is not None
        assert scores.quantization.zero_point == (-128 if output_type == "int8" else 0)


def test_logits_are_never_clipped() -> None:
    rng = np.random.default_rng(0)
    b = Builder((1, 12, 12, 3))
    graph = b.finish(b.softmax(b.dense(b.mean(b.graph.inputs[0]), rng.normal(0, 9, (4, 3)))))
    images = random_images(20)
    model = quantize(
        serialize(graph), preprocessing=PREPROCESSING, images=lambda: images, recipe=Recipe()
    )
    logits = graph.operators[1].outputs[0]
    low, high = model.ranges[graph.tensors[logits].name]
    graph.outputs = [logits]
    graph.file.subgraphs[0].outputs = [logits]
    values = answers(serialize(graph), PREPROCESSING, images)
    step = (high - low) / 255
    assert low - step <= values.min()
    assert values.max() <= high + step


def test_operators_without_an_int8_kernel_stay_float_and_are_named() -> None:
    b = Builder((1, 12, 12, 3))
    x = b.op("EXP", [b.graph.inputs[0]], (1, 12, 12, 3))
    graph = b.finish(b.conv(x, np.random.default_rng(0).normal(0, 0.2, (4, 3, 3, 3)), None))
    model = made(graph, Recipe())
    assert [(s.operator, s.position) for s in model.skipped] == [("EXP", 0)]
    assert "no int8 kernel" in model.skipped[0].reason
    images = random_images(3)
    expected = answers(serialize(graph), PREPROCESSING, images)
    got = answers(model.content, model.preprocessing, images)
    np.testing.assert_allclose(got, expected, atol=0.08 * np.abs(expected).max())


def test_a_recipe_keeps_operators_float_by_name() -> None:
    graph = small_cnn()
    name = graph.tensors[graph.operators[1].outputs[0]].name
    model = made(graph, Recipe(float_operators=(f"^{name}$",), float_scores=False))
    assert [(s.position, s.reason) for s in model.skipped] == [(1, "asked for by the recipe")]


def test_a_quantized_model_is_refused() -> None:
    content = made(small_cnn(), Recipe()).content
    with pytest.raises(ModelError, match="quantized already"):
        quantize(content, preprocessing=PREPROCESSING, images=list, recipe=Recipe())


def test_no_images_is_an_error_with_a_way_out() -> None:
    with pytest.raises(ImageSetError) as caught:
        quantize(serialize(small_cnn()), preprocessing=PREPROCESSING, images=list, recipe=Recipe())
    assert "calibration build" in caught.value.hint


def test_a_nan_activation_names_the_image() -> None:
    b = Builder((1, 12, 12, 3))
    x = b.op("LOG", [b.graph.inputs[0]], (1, 12, 12, 3))
    graph = b.finish(b.mean(x))
    images = [np.full((12, 12, 3), 200, np.uint8), np.zeros((12, 12, 3), np.uint8)]
    with pytest.raises(ImageSetError, match="image 2"):
        quantize(
            serialize(graph), preprocessing=PREPROCESSING, images=lambda: images, recipe=Recipe()
        )


def test_a_single_image_is_worth_a_warning() -> None:
    assert "single image" in made(small_cnn(), Recipe(), count=1).warnings[0]
    assert made(small_cnn(), Recipe(), count=2).warnings == ()


def test_a_model_of_other_size_is_refused() -> None:
    with pytest.raises(ModelError, match=r"\(1, 14, 12, 3\)"):
        quantize(
            serialize(small_cnn()),
            preprocessing=replace(PREPROCESSING, height=14),
            images=list,
            recipe=Recipe(),
        )


def test_several_inputs_and_outputs() -> None:
    rng = np.random.default_rng(3)
    b = Builder((1, 12, 12, 3), (1, 4))
    pooled = b.mean(b.conv(b.graph.inputs[0], rng.normal(0, 0.3, (4, 3, 3, 3)), None))
    joined = b.concat(pooled, b.graph.inputs[1], axis=1)
    graph = b.finish(b.softmax(b.dense(joined, rng.normal(0, 1, (3, 8)))), pooled)
    extra = rng.normal(0, 1, (6, 4)).astype(np.float32)
    items = list(zip(random_images(6), extra, strict=True))
    model = quantize(
        serialize(graph), preprocessing=PREPROCESSING, images=lambda: items, recipe=Recipe()
    )
    pixels, numbers = items[0]
    expected = run(graph, (pixels.astype(np.float32) - 127)[None] / 128, numbers[None])
    got = run(model.content, pixels[None], numbers[None])
    for ours, theirs in zip(got, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=0.06)


def test_constant_and_dead_activations_survive() -> None:
    weights = np.zeros((4, 3, 3, 3))
    weights[0] = 1e-9
    b = Builder((1, 12, 12, 3))
    x = b.conv(b.graph.inputs[0], weights, np.asarray([5.0, -3.0, 0.0, 2.0]), activation=1)
    graph = b.finish(b.mean(x))
    model = made(graph, Recipe())
    got = answers(model.content, model.preprocessing, random_images(2))
    np.testing.assert_allclose(got, [[5, 0, 0, 2]] * 2, atol=0.03)


def test_images_are_seen_one_at_a_time() -> None:
    alive: list[int] = []

    def images() -> Any:
        for image in random_images(5):
            alive.append(len(alive))
            yield image

    quantize(serialize(small_cnn()), preprocessing=PREPROCESSING, images=images, recipe=Recipe())
    assert len(alive) % 5 == 0


def test_progress_counts_images() -> None:
    seen = []
    images = random_images(3)
    quantize(
        serialize(small_cnn()),
        preprocessing=PREPROCESSING,
        images=lambda: images,
        recipe=Recipe(),
        total=3,
        progress=lambda done, total, stage: seen.append((done, total, stage)),
    )
    assert seen[:3] == [(1, 3, "observing"), (2, 3, "observing"), (3, 3, "observing")]


def test_a_missing_file_is_a_model_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot read"):
        quantize(tmp_path / "no.tflite", preprocessing=PREPROCESSING, images=list, recipe=Recipe())


def test_activations_of_next_to_nothing_run_outside_of_xnnpack_too() -> None:
    # What untrained networks have: 6 in steps of 1e-12 does not fit into 32 bits.
    b = Builder((1, 12, 12, 3))
    x = b.conv(b.graph.inputs[0], np.full((8, 1, 1, 3), 1e-10), None, activation=RELU6)
    x = b.conv(x, np.full((1, 3, 3, 8), 0.1), None, depthwise=True, activation=RELU6)
    graph = b.finish(b.dense(b.mean(x), np.ones((5, 8))))
    with Session(made(graph, Recipe()).content, xnnpack=False) as session:
        session.invoke()
