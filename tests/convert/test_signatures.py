"""A `.tflite` has the names of its model's inputs and outputs, and so has the int8 one of it."""

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.quantize.quantize import quantize
from edgevision.recipe.recipe import Recipe
from edgevision.tflite.envelope.signature import read_signatures
from tests.convert.conftest import Gallery, built

SHAPE = (12, 12, 3)
PIXELS = ImagePreprocessing(width=12, height=12, color="rgb", mean=(0.0,), std=(1.0,))

OUTPUTS = {
    "dict_outputs": ("age", "gender"),
    "list_outputs": ("answers", "years"),
    "nested_outputs": ("both_0", "both_1", "last"),
    "shared_layer": ("shared", "shared_1"),
    "one_tensor_twice": ("years", "years_1"),
    "nested_model": ("kind", "years"),
    "sequential": ("scores",),
    "subclassed": ("age", "gender"),
    "dict_inputs": ("end",),
    "list_inputs": ("join",),
    "uint8_input": ("mean",),
    "exported": ("age", "gender"),
    "archive": ("output_0", "output_1"),
    "module": ("logits", "probabilities"),
    "tensorflow_1": ("half", "sum"),
}
INPUTS = {
    "dict_inputs": ("image", "meta"),
    "list_inputs": ("meta", "image"),
    "subclassed": ("input",),
}
KEYS = {"module": "classify"}
OF_ONE_FLOAT_IMAGE = sorted(OUTPUTS.keys() - {"dict_inputs", "list_inputs", "uint8_input"})


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    if importlib.util.find_spec("tensorflow") is None:
        pytest.skip("TensorFlow is not installed")
    return Gallery(built("tests.convert.named", tmp_path_factory.mktemp("named")))


def example(named: Gallery, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Inputs and the model's own answers, by name."""
    with np.load(named.folder / f"{name}.npz") as file:
        arrays = {key.partition(" ")[::2]: file[key] for key in file.files}
    return (
        {name: value for (side, name), value in arrays.items() if side == "in"},
        {name: value for (side, name), value in arrays.items() if side == "out"},
    )


def run(content: bytes, key: str, inputs: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """LiteRT's own answer by name."""
    interpreter = Interpreter(model_content=content)
    answers: dict[str, NDArray[Any]] = interpreter.get_signature_runner(key)(**inputs)
    return answers


@pytest.mark.parametrize("name", OUTPUTS)
def test_the_runtime_answers_what_the_model_answers_by_name(named: Gallery, name: str) -> None:
    named.converted(name)
    inputs, expected = example(named, name)
    answers = run(named.tflite(name).read_bytes(), KEYS.get(name, "serving_default"), inputs)
    assert answers.keys() == expected.keys()
    for output, wanted in expected.items():
        assert answers[output].shape == wanted.shape
        assert np.abs(answers[output] - wanted).max() <= 1e-4 * max(np.abs(wanted).max(), 1e-3)


@pytest.mark.parametrize("name", OUTPUTS)
def test_names_are_in_the_models_order_in_the_file_and_in_the_report(
    named: Gallery, name: str
) -> None:
    content = named.tflite(name).read_bytes()
    (signature,) = read_signatures(content)
    converted = named.converted(name)
    assert converted["signature"] == signature.key == KEYS.get(name, "serving_default")
    for entries, reported, wanted, details in (
        (signature.inputs, "inputs", INPUTS.get(name, ("image",)), "get_input_details"),
        (signature.outputs, "outputs", OUTPUTS[name], "get_output_details"),
    ):
        assert tuple(entry for entry, _ in entries) == wanted
        assert tuple(one["name"] for one in converted[reported]) == wanted
        file_order = [
            one["index"] for one in getattr(Interpreter(model_content=content), details)()
        ]
        assert sorted(file_order) == sorted(index for _, index in entries)
    outputs = [
        detail["index"] for detail in Interpreter(model_content=content).get_output_details()
    ]
    assert outputs == [index for _, index in signature.outputs]


@pytest.mark.parametrize("name", OF_ONE_FLOAT_IMAGE)
def test_the_int8_file_has_the_same_signature_and_answers_nearly_the_same(
    named: Gallery, name: str
) -> None:
    generator = np.random.default_rng(2)
    inputs, _ = example(named, name)
    ((image, values),) = inputs.items()
    pixels = np.rint(values).astype(np.uint8)
    photos = [pixels[0], *(generator.integers(0, 256, (4, *SHAPE), np.uint8))]
    content = named.tflite(name).read_bytes()
    made = quantize(
        content,
        preprocessing=PIXELS,
        images=lambda: photos,
        recipe=Recipe(input_type="uint8", output_type="float32"),
    )
    key = KEYS.get(name, "serving_default")
    real = run(content, key, {image: pixels.astype(np.float32)})
    quantized = run(made.content, key, {image: pixels})
    assert list(quantized) == list(real)
    for output, wanted in real.items():
        assert np.abs(quantized[output] - wanted).max() <= 0.1 * max(np.abs(wanted).max(), 0.1)


def test_other_signatures_of_a_saved_model_are_named_in_a_warning(named: Gallery) -> None:
    (warning,) = named.converted("archive")["warnings"]
    assert "'serving_default' is converted, not age_alone" in warning
    assert named.converted("exported")["warnings"] == []


def test_every_output_is_reported_with_its_own_activation(named: Gallery) -> None:
    age, gender = named.converted("dict_outputs")["outputs"]
    assert (age["shape"], age["activation"]) == ([1, 1], "logits")
    assert (gender["shape"], gender["activation"]) == ([1, 2], "softmax")


def test_an_integer_input_keeps_its_type(named: Gallery) -> None:
    assert named.converted("uint8_input")["inputs"] == [
        {"name": "image", "shape": [1, 12, 12, 3], "dtype": "uint8"}
    ]


def test_a_conversion_is_the_same_bytes_each_time(named: Gallery, tmp_path: Path) -> None:
    again = built("tests.convert.named", tmp_path)
    for name in OUTPUTS:
        assert (again / f"{name}.tflite").read_bytes() == named.tflite(name).read_bytes()
