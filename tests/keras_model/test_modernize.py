"""Keras-2 configurations made fit for Keras 3."""

from typing import Any

import pytest

from edgevision.keras_model.modernize import modernize, needs_keras_2


def layer(kind: str, **config: Any) -> dict[str, Any]:
    return {"class_name": kind, "config": {"name": "it", "dtype": "float32", **config}}


@pytest.mark.parametrize(
    ("kind", "dropped"),
    [
        ("DepthwiseConv2D", {"groups": 1}),
        ("Conv2DTranspose", {"groups": 1}),
        ("SeparableConv2D", {"groups": 1, "kernel_constraint": None}),
        ("RandomFlip", {"rng_type": "stateful"}),
        ("SpatialDropout2D", {"noise_shape": None, "trainable": True}),
    ],
)
def test_arguments_that_keras_3_lacks_are_dropped(kind: str, dropped: dict[str, Any]) -> None:
    config = {"config": {"layers": [layer(kind, **dropped)]}}
    assert modernize(config, keras_2=True)
    assert config == {"config": {"layers": [layer(kind)]}}


def test_a_grouped_convolution_keeps_its_groups() -> None:
    config = {"layers": [layer("Conv2D", groups=2), layer("Conv2D", groups=1)]}
    assert not modernize(config, keras_2=True)
    assert config["layers"][0]["config"]["groups"] == 2


def test_a_keras_3_configuration_is_left_alone() -> None:
    assert not modernize({"layers": [layer("RandomFlip", rng_type="x")]}, keras_2=False)


@pytest.mark.parametrize(
    "dtype",
    [
        "float16",
        "mixed_bfloat16",
        {"class_name": "DTypePolicy", "module": "keras", "config": {"name": "mixed_float16"}},
        {"class_name": "Policy", "config": {"name": "mixed_float16"}},
    ],
)
def test_half_precision_becomes_float32(dtype: Any) -> None:
    config = {"layers": [layer("Dense", dtype=dtype)]}
    assert modernize(config, keras_2=False)
    assert config["layers"][0]["config"]["dtype"] == "float32"


def test_integer_inputs_stay_integer() -> None:
    assert not modernize({"layers": [layer("InputLayer", dtype="uint8")]}, keras_2=False)


@pytest.mark.parametrize(
    "config",
    [
        layer("TFOpLambda", function="math.add"),
        layer("LocallyConnected2D"),
        layer("RandomCrop"),
        layer("MultiHeadAttention"),
        layer("Activation", activation="hard_sigmoid"),
    ],
)
def test_what_keras_3_would_compute_differently_goes_to_keras_2(config: dict[str, Any]) -> None:
    assert needs_keras_2({"layers": [config]})


def test_what_both_compute_alike_goes_to_keras_3() -> None:
    assert not needs_keras_2({"layers": [layer("Dense", activation="relu"), layer("ReLU")]})
