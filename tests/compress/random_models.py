"""Random functional models for hypothesis: a list of small steps, each on tensors made before."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import keras
from hypothesis import strategies as st

Step: TypeAlias = tuple[str, int, int, int]
"""What to add, which tensor to add it to, which other tensor, and a number for its settings."""

_STEPS = """
    conv conv grouped_conv group_per_channel conv_transpose depthwise separable shared_conv
    batch_norm group_norm layer_norm rms_norm unit_norm prelu relu6 hard_swish softmax
    max_pool average_pool upsample pad crop resize dropout rescale dense_per_pixel
    add subtract multiply maximum average op_add op_subtract_number concatenate concat_rows
    gate gate_of_functions spatial_gate permute_and_back split_rows unknown nested
"""

steps = st.lists(
    st.tuples(
        st.sampled_from(_STEPS.split()), st.integers(0, 9), st.integers(0, 9), st.integers(0, 5)
    ),
    min_size=1,
    max_size=12,
)

heads = st.sampled_from(["flatten", "pool", "reshape", "max_pool", "two_outputs", "conv"])


@keras.saving.register_keras_serializable(package="edgevision-tests")
class Blend(keras.layers.Layer):  # type: ignore[misc] # Keras is untyped
    """A layer of the user's own that mixes channels in a way nobody can look into."""

    def call(self, x: Any) -> Any:
        """Add to each channel the one before it."""
        return x + keras.ops.roll(x, 1, axis=-1)


def random_model(program: Sequence[Step], head: str) -> Any:
    """The model that `program` describes: (8, 8, 3) in, 4 numbers out."""
    image = keras.Input((8, 8, 3))
    first = keras.layers.Conv2D(8, 3, padding="same")(image)
    tensors = [image, first]
    shared = keras.layers.Conv2D(6, 3, padding="same", name="shared")
    for what, one, other, number in program:
        # Recent tensors are the likelier choice: that makes deep models.
        x = tensors[-1 - one % len(tensors)]
        y = tensors[-1 - other % len(tensors)]
        tensors.append(_step(what, x, y, number, shared))
    return keras.Model(image, _head(head, tensors))


def _step(what: str, x: Any, y: Any, number: int, shared: Any) -> Any:  # noqa: PLR0911, PLR0912 - a table
    layers, ops = keras.layers, keras.ops
    _, height, width, channels = x.shape
    if what in {"add", "subtract", "multiply", "maximum", "average", "op_add", "concat_rows"}:
        y = _fitted(y, x.shape)
    if what == "concatenate":
        y = _fitted(y, (None, height, width, y.shape[-1]))
    match what:
        case "conv":
            strides = 2 if number % 2 and height > 2 else 1
            return layers.Conv2D(4 + 2 * number, 1 + number % 3, strides, padding="same")(x)
        case "grouped_conv":
            x = layers.Conv2D(8, 1)(x)
            return layers.Conv2D(4 * (1 + number), 3, padding="same", groups=4)(x)
        case "group_per_channel":
            return layers.Conv2D(channels * (1 + number % 2), 3, padding="same", groups=channels)(x)
        case "conv_transpose":
            return layers.Conv2DTranspose(5 + number, 3, strides=1, padding="same")(x)
        case "depthwise":
            return layers.DepthwiseConv2D(3, depth_multiplier=1 + number % 2, padding="same")(x)
        case "separable":
            multiplier = 1 + number % 2
            return layers.SeparableConv2D(6 + number, 3, 1, "same", depth_multiplier=multiplier)(x)
        case "shared_conv":
            return shared(_fitted(x, (None, height, width, 8)))
        case "batch_norm":
            return layers.BatchNormalization(scale=number != 0, center=number != 1)(x)
        case "group_norm":
            groups = next(g for g in (4, 3, 2, 1) if channels % g == 0)
            return layers.GroupNormalization(groups if number else -1)(x)
        case "layer_norm":
            return layers.LayerNormalization(center=number != 0)(x)
        case "rms_norm":
            return layers.RMSNormalization()(x)
        case "unit_norm":
            return layers.UnitNormalization()(x)
        case "prelu":
            return layers.PReLU(shared_axes=[1, 2] if number % 2 else None)(x)
        case "relu6":
            return ops.relu6(x) if number % 2 else layers.ReLU(6.0)(x)
        case "hard_swish":
            return layers.Activation("hard_swish")(x)
        case "softmax":
            return layers.Activation("softmax")(x) if number % 2 else layers.Softmax(axis=1)(x)
        case "max_pool":
            return layers.MaxPooling2D(2, padding="same")(x)
        case "average_pool":
            return layers.AveragePooling2D(3, strides=1, padding="same")(x)
        case "upsample":
            return layers.UpSampling2D(2, interpolation="bilinear")(x) if height < 16 else x
        case "pad":
            return layers.ZeroPadding2D(((0, 1), (1, 0)))(x)
        case "crop":
            return layers.Cropping2D(((0, 1), (0, 0)))(x) if height > 2 else x
        case "resize":
            return layers.Resizing(6, 5)(x)
        case "dropout":
            return layers.SpatialDropout2D(0.5)(x)
        case "rescale":
            return layers.Rescaling(0.5, offset=0.1)(x)
        case "dense_per_pixel":
            return layers.Dense(4 + number, activation=("softmax" if number == 5 else "gelu"))(x)
        case "add":
            return layers.Add()([x, y])
        case "subtract":
            return layers.Subtract()([x, y])
        case "multiply":
            return layers.Multiply()([x, y])
        case "maximum":
            return layers.Maximum()([x, y])
        case "average":
            return layers.Average()([x, y])
        case "op_add":
            return x + y
        case "op_subtract_number":
            # Not times a number: Keras 3.15 then takes the result for a sparse tensor.
            return x - 0.5
        case "concatenate":
            return layers.Concatenate()([x, y])
        case "concat_rows":
            return layers.Concatenate(axis=1)([x, y]) if height < 16 else x
        case "gate":
            gate = layers.GlobalAveragePooling2D()(x)
            gate = layers.Dense(3 + number, activation="relu")(gate)
            gate = layers.Dense(channels, activation="sigmoid")(gate)
            gate = layers.Reshape((1, 1, channels) if number % 2 else (1, 1, -1))(gate)
            return layers.Multiply()([x, gate])
        case "gate_of_functions":
            gate = ops.mean(x, axis=(1, 2), keepdims=True)
            return x * ops.sigmoid(layers.Conv2D(channels, 1)(gate))
        case "spatial_gate":
            return layers.Multiply()([x, layers.Conv2D(1, 3, padding="same")(x)])
        case "permute_and_back":
            turned = layers.Permute((3, 1, 2))(x)
            return layers.Permute((2, 3, 1))(ops.tanh(turned))
        case "split_rows":
            return layers.Reshape((height * width, 1, channels))(x)
        case "unknown":
            return Blend()(x)
        case "nested":
            inner = keras.Sequential(
                [keras.Input((None, None, channels)), layers.Conv2D(6, 1), layers.ReLU()]
            )
            # Used twice, its weights are shared between the two.
            return layers.Add()([inner(x), inner(ops.relu(x))]) if number else inner(x)
    raise AssertionError(what)


def _fitted(x: Any, shape: tuple[int | None, ...]) -> Any:
    """`x` resized and mapped to `shape`, whatever it was."""
    _, height, width, channels = shape
    if tuple(x.shape[1:3]) != (height, width):
        x = keras.layers.Resizing(height, width)(x)
    return x if x.shape[-1] == channels else keras.layers.Conv2D(channels, 1)(x)


def _head(head: str, tensors: list[Any]) -> Any:
    layers = keras.layers
    x = tensors[-1]
    match head:
        case "flatten":
            x = layers.Flatten()(x)
        case "pool":
            x = layers.GlobalAveragePooling2D()(x)
        case "max_pool":
            x = layers.Flatten()(layers.GlobalMaxPooling2D(keepdims=True)(x))
        case "reshape":
            x = layers.Reshape((-1,))(x)
        case "two_outputs":
            return [layers.Dense(4)(layers.Flatten()(x)), tensors[1]]
        case "conv":
            return layers.Reshape((4,))(layers.GlobalAveragePooling2D()(layers.Conv2D(4, 1)(x)))
    x = layers.Dense(10, activation="relu")(x)
    return layers.Dense(4)(x)
