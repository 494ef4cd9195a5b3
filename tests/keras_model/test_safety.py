"""Nothing in a model file may run, except what the user named."""

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevision.errors import ModelError
from edgevision.keras_model.modernize import modernize, needs_keras_2
from edgevision.keras_model.safety import refuse_unsafe


def model_with(layer: dict[str, Any]) -> dict[str, Any]:
    return {"class_name": "Functional", "module": "keras", "config": {"layers": [layer]}}


def keras_layer(kind: str, **config: Any) -> dict[str, Any]:
    return {"class_name": kind, "module": "keras.layers", "config": {"name": "it", **config}}


@pytest.mark.parametrize(
    ("layer", "needle"),
    [
        (keras_layer("Lambda", function="x"), "'it' is a Lambda"),
        (keras_layer("Dense", activation={"class_name": "__lambda__", "config": {}}), "lambda"),
        ({"class_name": "system", "module": "os", "config": {}}, "'system' of module 'os'"),
        ({"class_name": "function", "module": "os", "config": "system"}, "module 'os'"),
        ({"class_name": "eval", "module": "builtins", "config": {}}, "module 'builtins'"),
        ({"class_name": "Tiny", "module": "mine", "config": {}}, "'Tiny' of module 'mine'"),
        ({"class_name": "X", "module": "keras_evil.layers", "config": {}}, "keras_evil"),
        (keras_layer("TFOpLambda", function="io.write_file"), "tf.io.write_file"),
        (keras_layer("TFOpLambda", function="py_function"), "tf.py_function"),
        (keras_layer("TFOpLambda", function="nn.fixed_unigram_candidate_sampler"), "sampler"),
        (keras_layer("TFOpLambda", function="keras.activations.deserialize"), "deserialize"),
        (keras_layer("SlicingOpLambda", function="io.write_file"), "tf.io.write_file"),
        (keras_layer("SlicingOpLambda"), "tf.None"),
        (
            keras_layer("ClassMethod", cls_symbol="io.write_file", method_name="__call__"),
            "tf.io.write_file.__call__",
        ),
        (
            keras_layer("ClassMethod", cls_symbol="RaggedTensor", method_name="__init__"),
            "tf.RaggedTensor.__init__",
        ),
        (keras_layer("InstanceProperty", attr_name="__class__"), "__class__"),
        (keras_layer("InstanceMethod", attr_name="__reduce__"), "__reduce__"),
        (keras_layer("TensorFlowOpLayer", node_def={"op": "WriteFile"}), "tf.WriteFile"),
        (keras_layer("TensorFlowOpLayer", node_def="\n\x01x"), "an unreadable operation"),
        ({"class_name": "layers.Lambda", "module": "keras", "config": {"name": "it"}}, "Lambda"),
        (
            {
                "class_name": "None",
                "registered_name": "ClassMethod",
                "module": "tf_keras.src.layers.core.tf_op_layer",
                "config": {"cls_symbol": "io", "method_name": "write_file"},
            },
            "tf.io.write_file",
        ),
        (keras_layer("TimeDistributed", layer=keras_layer("Lambda")), "'it' is a Lambda"),
    ],
)
def test_code_in_a_model_is_refused_by_name(layer: dict[str, Any], needle: str) -> None:
    with pytest.raises(ModelError, match=needle) as refusal:
        refuse_unsafe(model_with(layer), custom_objects=())
    assert refusal.value.hint


@pytest.mark.parametrize(
    "layer",
    [
        keras_layer("Conv2D", kernel_initializer=keras_layer("GlorotUniform")),
        keras_layer("Activation", activation="relu"),
        keras_layer(
            "Activation",
            activation={
                "class_name": "function",
                "module": "builtins",
                "config": "relu6",
                "registered_name": "function",
            },
        ),
        keras_layer("TFOpLambda", function="math.add"),
        keras_layer("TFOpLambda", function="nn.relu"),
        keras_layer("SlicingOpLambda", function="__operators__.getitem"),
        keras_layer("ClassMethod", cls_symbol="RaggedTensor", method_name="from_tensor"),
        keras_layer("InstanceProperty", attr_name="values"),
        keras_layer("InstanceMethod", attr_name="to_tensor"),
        keras_layer("TensorFlowOpLayer", node_def={"op": "AddV2"}),
        {"class_name": "Conv2D", "config": {"name": "of an .h5 file"}},
    ],
)
def test_what_keras_makes_itself_passes(layer: dict[str, Any]) -> None:
    refuse_unsafe(model_with(layer), custom_objects=())


def test_a_class_the_user_named_passes() -> None:
    layer = {"class_name": "Tiny", "module": "mine", "config": {}, "registered_name": "Mine>Tiny"}
    refuse_unsafe(model_with(layer), custom_objects=("Tiny",))


def test_naming_a_class_does_not_allow_lambdas() -> None:
    with pytest.raises(ModelError):
        refuse_unsafe(model_with(keras_layer("Lambda")), custom_objects=("Lambda", "it"))


def test_deep_nesting_does_not_exhaust_the_stack() -> None:
    config: Any = keras_layer("Lambda")
    for _ in range(100_000):
        config = [config]
    with pytest.raises(ModelError):
        refuse_unsafe({"config": config}, custom_objects=())


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["class_name", "config", "module", "name", "dtype", "function"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(json_values)
def test_any_json_is_refused_or_passed_but_never_a_traceback(value: Any) -> None:
    with contextlib.suppress(ModelError):
        refuse_unsafe({"config": value}, custom_objects=())
    needs_keras_2({"config": value})
    modernize({"config": value}, keras_2=True)
