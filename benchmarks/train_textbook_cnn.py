"""Train the CNN that every tutorial starts with on CIFAR-10: the float model for prune_curve.py.

    python benchmarks/train_textbook_cnn.py ../shared/data/cifar10 runs/textbook.keras

Two blocks of convolution and pooling, Flatten, Dense 512, Dense 10; input pixels / 255. The
dense layer after Flatten holds 98 % of its 2.1 million weights, as in the tutorials.
"""

import argparse
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf


def textbook_cnn() -> keras.Model:
    """Return the untrained model: (32, 32, 3) in 0..1 in, 10 probabilities out."""
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(512, activation="relu"),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax"),
        ],
        name="textbook_cnn",
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cifar10", type=Path, help="folder with train.npz and evaluation.npz")
    parser.add_argument("output", type=Path, help=".keras file to write")
    parser.add_argument("--epochs", type=int, default=30)
    arguments = parser.parse_args()

    keras.utils.set_random_seed(0)
    train, held_out = (
        np.load(arguments.cifar10 / name) for name in ("train.npz", "evaluation.npz")
    )
    batches = (
        tf.data.Dataset.from_tensor_slices((train["x"], train["y"]))
        .shuffle(20000, seed=0)
        .map(_augmented, num_parallel_calls=2)
        .batch(64)
        .prefetch(4)
    )
    model = textbook_cnn()
    steps = arguments.epochs * len(batches)
    model.compile(
        optimizer=keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(1e-3, steps)),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    model.fit(batches, epochs=arguments.epochs, shuffle=False, verbose=2)
    _, accuracy = model.evaluate(held_out["x"] / np.float32(255), held_out["y"], verbose=0)
    model.save(arguments.output)
    print(f"{arguments.output}: top-1 {accuracy:.3f} on {len(held_out['y'])} images")


def _augmented(pixels: tf.Tensor, label: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    padded = tf.pad(tf.image.random_flip_left_right(pixels), [[4, 4], [4, 4], [0, 0]])
    return tf.cast(tf.image.random_crop(padded, (32, 32, 3)), tf.float32) / 255, label


if __name__ == "__main__":
    main()
