"""Small models and random weights for the tests of removal."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from edgevision.compress.graph.channel_graph import ChannelGraph


@contextmanager
def double_precision() -> Iterator[None]:
    """Let models made inside compute with 64 bits, so that equal means equal to 9 digits."""
    before = keras.config.dtype_policy()
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    try:
        yield
    finally:
        keras.config.set_floatx("float32")
        keras.config.set_dtype_policy(before)


def randomize(model: Any, seed: int = 0) -> None:
    """Give every weight a value that matters: a fresh layer's zeros and ones would hide errors."""
    random = np.random.default_rng(seed)
    for variable in model.weights:
        shape, name = tuple(variable.shape), variable.name
        if "kernel" in name:
            fan_in = max(1, int(np.prod(shape[:-1])))
            value = random.normal(size=shape) * np.sqrt(2 / fan_in)
        elif name in {"gamma", "scale", "moving_variance", "variance"}:
            value = random.uniform(0.5, 1.5, shape)
        elif np.issubdtype(np.dtype(variable.dtype), np.floating):
            value = random.normal(size=shape) * 0.3
        else:
            continue
        variable.assign(value)


def drop_randomly(
    graph: ChannelGraph, share: float, random: np.random.Generator
) -> NDArray[np.bool_]:
    """A choice that removes about `share` of every group, at random, and never all of one."""
    kept = graph.full_mask()
    for pruning_group in graph.pruning_groups:
        count = min(len(pruning_group.units) - 1, round(len(pruning_group.units) * share))
        kept[random.choice(pruning_group.units, count, replace=False)] = False
    return kept


def resnet_like(classes: int = 4) -> Any:
    """Two residual blocks on 8x8, the second with a projected shortcut."""
    layers = keras.layers
    image = keras.Input((8, 8, 3), name="image")
    x = layers.Conv2D(16, 3, padding="same", name="stem")(image)
    x = layers.ReLU(name="stem_relu")(layers.BatchNormalization(name="stem_bn")(x))
    for name, width, stride in (("a", 16, 1), ("b", 32, 2)):
        y = layers.Conv2D(width, 3, stride, padding="same", name=f"{name}_conv1")(x)
        y = layers.ReLU()(layers.BatchNormalization(name=f"{name}_bn1")(y))
        y = layers.Conv2D(width, 3, padding="same", name=f"{name}_conv2")(y)
        y = layers.BatchNormalization(name=f"{name}_bn2")(y)
        if stride == 2:
            x = layers.Conv2D(width, 1, stride, name=f"{name}_shortcut")(x)
        x = layers.ReLU()(layers.Add(name=f"{name}_add")([x, y]))
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, layers.Dense(classes, name="head")(x), name="resnet_like")
