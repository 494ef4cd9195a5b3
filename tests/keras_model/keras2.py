"""Tiny models saved by Keras 2, and its answers: `python -m tests.keras_model.keras2 FOLDER`."""

import os
import sys
from pathlib import Path

os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="-1", TF_USE_LEGACY_KERAS="1")

import numpy as np
import tf_keras


def main(folder: Path) -> None:
    layers = tf_keras.layers
    tf_keras.utils.set_random_seed(1)
    image = tf_keras.Input((16, 16, 3), name="image")
    x = layers.Conv2D(16, 3, use_bias=False, name="stem")(image)
    x = layers.ReLU(6.0)(layers.BatchNormalization(axis=[3], name="bn")(x))
    x = layers.DepthwiseConv2D(3, name="depthwise")(x)
    x = layers.ReLU(6.0)(layers.Conv2D(16, 1, name="pointwise")(x))
    x = layers.GlobalAveragePooling2D()(x)
    separable = tf_keras.Model(image, layers.Dense(4, activation="softmax", name="classes")(x))
    separable.save(folder / "separable.h5")
    pixels = np.random.default_rng(2).random((4, 16, 16, 3), np.float32)
    np.savez(folder / "separable.npz", pixels=pixels, answers=separable(pixels).numpy())

    image = tf_keras.Input((16, 16, 3), name="image")
    x = layers.Conv2D(16, 3, activation="hard_sigmoid", name="stem")(image)
    x = layers.Conv2D(16, 3, name="next")(x)
    x = layers.GlobalAveragePooling2D()(x)
    hard = tf_keras.Model(image, layers.Dense(4, activation="softmax", name="classes")(x))
    hard.save(folder / "hard_sigmoid.h5")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
