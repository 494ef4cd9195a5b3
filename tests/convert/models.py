"""Small models for the tests, one builder each; runs in the child that `build.py` is.

Weights are random but fixed; batch normalization gets statistics that matter.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

Builder = Callable[[Any], Any]

BUILDERS: dict[str, Builder] = {}


def _model(build: Builder) -> Builder:
    BUILDERS[build.__name__] = build
    return build


@_model
def cnn(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((28, 28, 1), name="digits"),
            layers.Conv2D(4, 3, activation="relu", name="conv"),
            layers.MaxPooling2D(name="pool"),
            layers.Conv2D(6, 3, activation="relu", name="conv_1"),
            layers.MaxPooling2D(name="pool_1"),
            layers.Flatten(name="flat"),
            layers.Dropout(0.5, name="drop"),
            layers.Dense(10, activation="softmax", name="answers"),
        ]
    )


@_model
def depthwise_residual(keras: Any) -> Any:
    layers = keras.layers
    image = keras.Input((32, 32, 3), name="image")
    x = layers.Conv2D(8, 3, strides=2, padding="same", use_bias=False, name="stem")(image)
    x = layers.BatchNormalization(name="stem_bn")(x)
    x = layers.ReLU(6.0, name="stem_relu")(x)
    y = layers.DepthwiseConv2D(3, padding="same", name="depthwise")(x)
    y = layers.BatchNormalization(name="depthwise_bn")(y)
    y = layers.Activation("swish", name="swish")(y)
    y = layers.Conv2D(8, 1, name="project")(y)
    x = layers.Add(name="add")([x, y])
    x = layers.GlobalAveragePooling2D(name="gap")(x)
    return keras.Model(image, layers.Dense(5, name="logits")(x))


@_model
def augmented(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((24, 24, 3), name="image"),
            layers.RandomFlip(name="flip"),
            layers.RandomRotation(0.2, name="rotation"),
            layers.RandomZoom(0.2, name="zoom"),
            layers.RandomTranslation(0.1, 0.1, name="translation"),
            layers.RandomContrast(0.2, name="contrast"),
            layers.RandomBrightness(0.2, name="brightness"),
            layers.GaussianNoise(0.1, name="noise"),
            layers.Conv2D(4, 3, name="conv"),
            layers.SpatialDropout2D(0.2, name="spatial"),
            layers.GlobalAveragePooling2D(name="gap"),
            layers.Dense(3, activation="sigmoid", name="answers"),
        ]
    )


@_model
def crop_then_pool(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((24, 24, 3), name="image"),
            layers.RandomCrop(16, 16, name="crop"),
            layers.Conv2D(4, 3, name="conv"),
            layers.GlobalAveragePooling2D(name="gap"),
            layers.Dense(3, name="answers"),
        ]
    )


@_model
def crop_then_flatten(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((24, 24, 3), name="image"),
            layers.RandomCrop(16, 16, name="crop"),
            layers.Flatten(name="flat"),
            layers.Dense(3, name="answers"),
        ]
    )


@_model
def scaled_inside(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((16, 16, 3), name="image"),
            layers.Rescaling(1 / 255, name="rescaling"),
            layers.Normalization(
                mean=[0.4, 0.5, 0.6], variance=[0.04, 0.05, 0.06], name="normalization"
            ),
            layers.Conv2D(4, 3, name="conv"),
            layers.GlobalAveragePooling2D(name="gap"),
            layers.Dense(3, activation="softmax", name="answers"),
        ]
    )


@_model
def two_in_two_out(keras: Any) -> Any:
    layers = keras.layers
    left = keras.Input((16, 16, 3), name="left")
    right = keras.Input((8,), name="right")
    x = layers.Flatten(name="flat")(layers.Conv2D(2, 3, name="conv")(left))
    x = layers.Concatenate(name="concat")([x, right])
    first = layers.Dense(4, activation="softmax", name="kind")(x)
    second = layers.Dense(1, name="age")(x)
    return keras.Model({"right": right, "left": left}, {"kind": first, "age": second})


@_model
def nested_and_shared(keras: Any) -> Any:
    layers = keras.layers
    inner_in = keras.Input((16, 16, 4), name="inner_in")
    inner = keras.Model(inner_in, layers.Conv2D(4, 3, padding="same", name="conv")(inner_in))
    inner.name = "inner"
    image = keras.Input((16, 16, 3), name="image")
    shared = layers.Conv2D(4, 3, padding="same", activation="relu", name="shared")
    x = layers.Conv2D(3, 1, name="conv")(image)
    x = layers.Add(name="add")([shared(image), shared(x)])
    x = layers.GlobalMaxPooling2D(name="gmp")(inner(x))
    return keras.Model(image, layers.Dense(3, activation="softmax", name="answers")(x))


@_model
def open_size(keras: Any) -> Any:
    layers = keras.layers
    image = keras.Input((None, None, 3), name="image")
    x = layers.Conv2D(4, 3, name="conv")(image)
    x = layers.GlobalAveragePooling2D(name="gap")(x)
    return keras.Model(image, layers.Dense(3, name="answers")(x))


@_model
def mixed_float16(keras: Any) -> Any:
    return _under_policy(keras, "mixed_float16")


@_model
def mixed_bfloat16(keras: Any) -> Any:
    return _under_policy(keras, "mixed_bfloat16")


@_model
def unbuilt(keras: Any) -> Any:
    return keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(2)])


@_model
def needs_flex(keras: Any) -> Any:
    layers = keras.layers
    image = keras.Input((8, 8, 3), name="image")
    x = layers.Conv2D(8, 3, padding="same", name="conv")(image)
    x = keras.ops.inv(x + 8 * keras.ops.eye(8))
    return keras.Model(image, layers.Dense(2, name="answers")(layers.Flatten(name="flat")(x)))


@_model
def beyond_flex(keras: Any) -> Any:
    layers = keras.layers
    image = keras.Input((8, 8, 3), name="image")
    x = layers.Conv2D(2, 3, activation="tanh", name="conv")(image)
    x = keras.ops.erfinv(x * 0.5)
    return keras.Model(image, layers.Dense(2, name="answers")(layers.Flatten(name="flat")(x)))


@_model
def with_nan(keras: Any) -> Any:
    model = cnn(keras)
    kernel, bias = model.get_layer("conv_1").get_weights()
    kernel[0, 0, 0, 0] = np.nan
    model.get_layer("conv_1").set_weights([kernel, bias])
    return model


@_model
def with_lambda(keras: Any) -> Any:
    layers = keras.layers
    image = keras.Input((8, 8, 3), name="image")
    x = layers.Lambda(lambda x: x * 2, name="double")(image)
    return keras.Model(image, layers.Flatten(name="flat")(x))


@_model
def raw_variable(keras: Any) -> Any:
    """A layer that holds a variable of TensorFlow's own, which Keras does not know of."""
    from tests.convert.custom import RawScale

    image = keras.Input((8, 8, 3), name="image")
    x = keras.layers.Flatten(name="flat")(RawScale(name="raw_scale")(image))
    return keras.Model(image, keras.layers.Dense(2, name="answers")(x))


@_model
def subclassed(keras: Any) -> Any:
    from tests.convert.custom import Tiny

    model = Tiny()
    model(keras.ops.zeros((1, 12, 12, 3)))
    return model


@_model
def lazily_built(keras: Any) -> Any:
    """Keras loads this one without its weights, and without saying so."""
    from tests.convert.custom import Lazy

    model = Lazy()
    model(keras.ops.zeros((1, 12, 12, 3)))
    return model


@_model
def mobilenet_v3(keras: Any) -> Any:
    return keras.applications.MobileNetV3Small(
        input_shape=(32, 32, 3), alpha=0.75, weights=None, classes=10, name="mobilenet_v3"
    )


@_model
def efficientnet(keras: Any) -> Any:
    return keras.applications.EfficientNetB0(
        input_shape=(32, 32, 3), weights=None, classes=10, name="efficientnet"
    )


def _under_policy(keras: Any, policy: str) -> Any:
    before = keras.mixed_precision.dtype_policy()
    keras.mixed_precision.set_dtype_policy(policy)
    try:
        model = depthwise_residual(keras)
    finally:
        keras.mixed_precision.set_dtype_policy(before)
    return model
