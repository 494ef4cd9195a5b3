"""Train two small networks whose gates make int8 hard: EfficientNet-like and MobileNetV3-like.

    python benchmarks/train_cifar_nets.py ../shared/data/cifar10 runs/cifar_nets

Writes efficientnet_like.keras (swish, squeeze-and-excitation with a sigmoid) and
mobilenetv3_like.keras (hard-swish, squeeze-and-excitation with a hard sigmoid) for 32 x 32 CIFAR-10
pictures; input pixels / 127.5 - 1. Each takes some minutes on one core; they are there to be
quantized by compare_ptq.py, not to win anything.
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

Activation = Callable[[Any], Any]

BLOCKS = ((16, 1, 1), (24, 4, 2), (24, 4, 1), (40, 4, 2), (40, 4, 1), (64, 4, 1))
"""(channels out, expansion, stride) of each inverted residual, on the 16 x 16 output of the stem:
EfficientNet-B0's proportions with fewer, narrower blocks."""


def hard_sigmoid(x: Any) -> Any:
    """As keras.applications.MobileNetV3 writes it: relu6(x + 3) / 6."""
    return layers.ReLU(6.0)(x + 3.0) * (1.0 / 6.0)


def hard_swish(x: Any) -> Any:
    return layers.Multiply()([x, hard_sigmoid(x)])


def gated_network(name: str, activation: Activation, gate: Activation) -> keras.Model:
    """Return the untrained network: (32, 32, 3) in -1..1 in, 10 probabilities out."""
    image = keras.Input((32, 32, 3))
    x = activation(_normalized(layers.Conv2D(16, 3, 2, padding="same", use_bias=False)(image)))
    for channels, expansion, stride in BLOCKS:
        x = _block(x, channels, expansion, stride, activation=activation, gate=gate)
    x = activation(_normalized(layers.Conv2D(160, 1, use_bias=False)(x)))
    x = layers.Dropout(0.1)(layers.GlobalAveragePooling2D()(x))
    return keras.Model(image, layers.Dense(10, activation="softmax")(x), name=name)


def _block(
    given: Any,
    channels: int,
    expansion: int,
    stride: int,
    *,
    activation: Activation,
    gate: Activation,
) -> Any:
    """One inverted residual with squeeze-and-excitation (Tan & Le 2019, arXiv:1905.11946)."""
    x, inside = given, given.shape[-1] * expansion
    if expansion > 1:
        x = activation(_normalized(layers.Conv2D(inside, 1, use_bias=False)(x)))
    x = layers.DepthwiseConv2D(3, stride, padding="same", use_bias=False)(x)
    x = activation(_normalized(x))
    squeezed = layers.GlobalAveragePooling2D(keepdims=True)(x)
    squeezed = activation(layers.Conv2D(max(4, given.shape[-1] // 4), 1)(squeezed))
    x = layers.Multiply()([x, gate(layers.Conv2D(inside, 1)(squeezed))])
    x = _normalized(layers.Conv2D(channels, 1, use_bias=False)(x))
    return layers.Add()([x, given]) if stride == 1 and given.shape[-1] == channels else x


def _normalized(x: Any) -> Any:
    # Keras' usual momentum of 0.99 needs more steps than these few epochs have.
    return layers.BatchNormalization(momentum=0.95)(x)


NETWORKS: dict[str, Callable[[], keras.Model]] = {
    "efficientnet_like": lambda: gated_network(
        "efficientnet_like", layers.Activation("swish"), layers.Activation("sigmoid")
    ),
    "mobilenetv3_like": lambda: gated_network("mobilenetv3_like", hard_swish, hard_sigmoid),
}


def _augmented(pixels: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Move and mirror a whole batch alike: far cheaper than each picture for itself."""
    padded = tf.pad(tf.cast(pixels, tf.float32) / 127.5 - 1, [[0, 0], [3, 3], [3, 3], [0, 0]])
    moved = tf.image.random_crop(padded, (tf.shape(pixels)[0], 32, 32, 3))
    mirrored = tf.cond(tf.random.uniform(()) < 0.5, lambda: moved[:, :, ::-1], lambda: moved)
    return mirrored, labels


def train(model: keras.Model, cifar10: Path, epochs: int) -> float:
    """Train in place; returns top-1 on the evaluation images."""
    train_set, held_out = (np.load(cifar10 / f"{name}.npz") for name in ("train", "evaluation"))
    batches = (
        tf.data.Dataset.from_tensor_slices((train_set["x"], train_set["y"].reshape(-1)))
        .shuffle(20000, seed=0)
        .batch(64)
        .map(_augmented)
        .prefetch(2)
    )
    steps = epochs * len(batches)
    model.compile(
        optimizer=keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(4e-3, steps)),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    model.fit(batches, epochs=epochs, shuffle=False, verbose=2)
    seen = held_out["x"] / np.float32(127.5) - 1
    return float(model.evaluate(seen, held_out["y"].reshape(-1), verbose=0)[1])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("cifar10", type=Path, help="folder with train.npz and evaluation.npz")
    parser.add_argument("output", type=Path, help="folder for the .keras files")
    parser.add_argument("--only", choices=NETWORKS, help="train one of them")
    parser.add_argument("--epochs", type=int, default=12)
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    for name in [arguments.only] if arguments.only else NETWORKS:
        keras.utils.set_random_seed(0)
        model = NETWORKS[name]()
        accuracy = train(model, arguments.cifar10, arguments.epochs)
        model.save(arguments.output / f"{name}.keras")
        print(f"{arguments.output / name}.keras: top-1 {accuracy:.3f}", flush=True)


if __name__ == "__main__":
    main()
