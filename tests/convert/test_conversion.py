"""The float `.tflite` answers what Keras answers, and holds what was asked for."""

import numpy as np
import pytest

from edgevision.runtime.session import Session
from edgevision.tensors import FloatArray
from edgevision.tflite.layer_names import layer_of
from edgevision.tflite.read import read_model
from tests.convert.conftest import Gallery
from tests.tflite.test_alignment import misaligned

SAME_AS_KERAS = (
    "cnn",
    "depthwise_residual",
    "augmented",
    "crop_then_pool",
    "scaled_inside",
    "two_in_two_out",
    "nested_and_shared",
    "open_size",
    "mixed_float16",
    "mixed_bfloat16",
    "raw_variable",
    "subclassed",
    "lazily_built",
    "mobilenet_v3",
    "efficientnet",
)


def answers(gallery: Gallery, name: str, example: str) -> list[tuple[FloatArray, FloatArray]]:
    inputs, expected = gallery.example(example)
    with Session(gallery.tflite(name)) as session:
        given = [
            inputs[spec.name] if spec.name in inputs else next(iter(inputs.values()))
            for spec in session.inputs
        ]
        return list(zip(expected, session.run(*given), strict=True))


@pytest.mark.parametrize("name", SAME_AS_KERAS)
def test_outputs_equal_keras_own(gallery: Gallery, name: str) -> None:
    gallery.converted(name)
    for expected, actual in answers(gallery, name, name):
        assert expected.shape == actual.shape
        assert np.abs(expected - actual).max() <= 1e-4 * np.abs(expected).max()


def test_the_comparison_tells_models_apart(gallery: Gallery) -> None:
    _, expected = gallery.example("cnn")
    ((_, actual),) = answers(gallery, "cnn", "cnn")
    assert np.abs(expected[0][:, ::-1] - actual).max() > 1e-4 * np.abs(expected[0]).max()


def test_an_exported_saved_model_equals_keras_own(gallery: Gallery) -> None:
    assert gallery.converted("exported")["loader"] == "saved_model"
    ((expected, actual),) = answers(gallery, "exported", "cnn")
    assert np.abs(expected - actual).max() <= 1e-4 * np.abs(expected).max()


@pytest.mark.parametrize("name", [*SAME_AS_KERAS, "exported"])
def test_the_batch_is_one_and_no_side_is_open(gallery: Gallery, name: str) -> None:
    model = read_model(gallery.tflite(name))
    assert all(model.tensors[index].shape[0] == 1 for index in (*model.inputs, *model.outputs))
    assert not any(-1 in tensor.shape_signature for tensor in model.tensors)
    assert not any(operator.is_custom for operator in model.operators)


def test_training_layers_are_listed_and_leave_nothing_behind(gallery: Gallery) -> None:
    stripped = gallery.converted("augmented")["stripped"]
    assert stripped == [
        "flip",
        "rotation",
        "zoom",
        "translation",
        "contrast",
        "brightness",
        "noise",
        "spatial",
    ]
    operators = [operator.name for operator in read_model(gallery.tflite("augmented")).operators]
    assert operators == ["CONV_2D", "MEAN", "FULLY_CONNECTED", "LOGISTIC"]


def test_mixed_precision_becomes_float32_throughout(gallery: Gallery) -> None:
    kinds = {tensor.dtype for tensor in read_model(gallery.tflite("mixed_float16")).tensors}
    assert kinds <= {"float32", "int32"}


@pytest.mark.parametrize(
    ("name", "classes", "activation"),
    [
        ("cnn", 10, "softmax"),
        ("augmented", 3, "sigmoid"),
        ("depthwise_residual", 5, "logits"),
        ("exported", 10, "softmax"),
    ],
)
def test_classes_and_activation_are_told(
    gallery: Gallery, name: str, classes: int, activation: str
) -> None:
    (output,) = gallery.converted(name)["outputs"]
    assert (output["shape"], output["activation"]) == ([1, classes], activation)


def test_input_and_output_carry_the_keras_names(gallery: Gallery) -> None:
    with Session(gallery.tflite("two_in_two_out")) as session:
        assert {spec.name for spec in session.inputs} == {"left", "right"}
        assert {layer_of(spec.name, ("kind", "age")) for spec in session.outputs} == {"kind", "age"}


@pytest.mark.parametrize("name", ["cnn", "depthwise_residual", "nested_and_shared", "mobilenet_v3"])
def test_every_operator_leads_to_a_keras_layer(gallery: Gallery, name: str) -> None:
    layers = gallery.converted(name)["layers"]
    model = read_model(gallery.tflite(name))
    for operator in model.operators:
        tensor = model.tensors[operator.outputs[0]].name
        assert layer_of(tensor, layers), f"{operator.name} writes {tensor!r}"


def test_convolutions_are_named_for_their_layers(gallery: Gallery) -> None:
    model = read_model(gallery.tflite("cnn"))
    layers = gallery.converted("cnn")["layers"]
    named = [
        layer_of(model.tensors[operator.outputs[0]].name, layers)
        for operator in model.operators
        if operator.name == "CONV_2D"
    ]
    assert named == ["conv", "conv_1"]


def test_a_shared_layer_and_a_nested_model_keep_their_names(gallery: Gallery) -> None:
    model = read_model(gallery.tflite("nested_and_shared"))
    layers = gallery.converted("nested_and_shared")["layers"]
    named = [
        layer_of(model.tensors[operator.outputs[0]].name, layers)
        for operator in model.operators
        if operator.name == "CONV_2D"
    ]
    assert sorted(str(name) for name in named) == ["conv", "inner/conv", "shared", "shared"]


def test_random_crop_is_answered_as_keras_does_and_said(gallery: Gallery) -> None:
    assert "'crop' (RandomCrop)" in gallery.converted("crop_then_pool")["warnings"][0]


def test_a_model_that_random_crop_breaks_names_the_layer(gallery: Gallery) -> None:
    error = gallery.error("crop_then_flatten")
    assert error["kind"] == "ModelError"
    assert "'crop' (RandomCrop)" in error["hint"]


@pytest.mark.parametrize(
    ("name", "needle"),
    [("needs_flex", "MatrixInverse of layer 'inv'"), ("beyond_flex", "Erfinv of layer 'erfinv'")],
)
def test_an_operation_without_a_builtin_names_its_layer(
    gallery: Gallery, name: str, needle: str
) -> None:
    error = gallery.error(name)
    assert error["kind"] == "ModelError"
    assert needle in error["message"]
    assert "--allow-flex" in error["hint"]
    assert not gallery.tflite(name).exists()


def test_allow_flex_keeps_the_operation_and_warns(gallery: Gallery) -> None:
    converted = gallery.converted("allowed_flex")
    assert "MatrixInverse of layer 'inv'" in converted["warnings"][0]
    assert converted["largest_difference"] is None
    model = read_model(gallery.tflite("allowed_flex"))
    assert "FlexMatrixInverse" in {operator.name for operator in model.operators}


def test_nan_weights_name_layer_and_weight(gallery: Gallery) -> None:
    error = gallery.error("with_nan")
    assert error["kind"] == "ModelError"
    assert "'conv_1/kernel' has 1 of 216" in error["message"]


def test_a_lambda_layer_is_refused_by_name(gallery: Gallery) -> None:
    error = gallery.error("with_lambda")
    assert error["kind"] == "ModelError"
    assert "'double' is a Lambda" in error["message"]
    assert "--custom-objects" in error["hint"]


@pytest.mark.parametrize("name", ["unbuilt", "open_size_unsaid"])
def test_an_unknown_size_asks_for_input_shape(gallery: Gallery, name: str) -> None:
    error = gallery.error(name)
    assert error["kind"] == "UsageError"
    assert "--input-shape" in error["hint"]


def test_a_model_saved_without_weights_is_refused(gallery: Gallery) -> None:
    error = gallery.error("never_built")
    assert error["kind"] == "ModelError"
    assert "holds no weights" in error["message"]


def test_a_saved_model_that_writes_files_is_refused_unrun(gallery: Gallery) -> None:
    error = gallery.error("writer")
    assert error["kind"] == "ModelError"
    assert "WriteFile" in error["message"]
    assert not (gallery.folder / "written").exists()


def test_a_contradicting_input_shape_is_refused_not_swapped(gallery: Gallery) -> None:
    error = gallery.error("cnn_other_size")
    assert error["kind"] == "UsageError"
    assert "28x28x1" in error["message"]
    assert "96x96x3" in error["message"]


def test_an_unvouched_class_says_how_to_vouch(gallery: Gallery) -> None:
    error = gallery.error("unvouched")
    assert error["kind"] == "ModelError"
    assert "'Tiny'" in error["message"]
    assert "--custom-objects" in error["hint"]


def test_a_custom_object_that_cannot_be_imported_is_a_usage_error(gallery: Gallery) -> None:
    error = gallery.error("missing_module")
    assert error["kind"] == "UsageError"
    assert "no_such_module" in error["message"]


def test_an_h5_of_keras_3_converts(gallery: Gallery) -> None:
    assert gallery.converted("resaved_h5")["loader"] == "keras"
    ((expected, actual),) = answers(gallery, "resaved_h5", "cnn")
    assert np.abs(expected - actual).max() <= 1e-4 * np.abs(expected).max()


def test_weights_are_aligned_for_vector_loads(gallery: Gallery) -> None:
    content = gallery.tflite("cnn").read_bytes()
    assert misaligned(content) == []
