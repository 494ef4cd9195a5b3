"""Models saved by Keras 2, and its own answers: `python -m tests.convert.keras2 FOLDER`."""

import os
import sys
from pathlib import Path

os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="-1", TF_USE_LEGACY_KERAS="1")

import numpy as np
import tf_keras

SHAPE = (16, 16, 3)


def main(folder: Path) -> None:
    layers = tf_keras.layers
    tf_keras.utils.set_random_seed(1)

    image = tf_keras.Input(SHAPE, name="image")
    x = layers.RandomFlip(name="flip")(image)
    x = layers.DepthwiseConv2D(3, name="depthwise")(x)
    x = layers.SeparableConv2D(4, 3, name="separable")(x)
    x = layers.Conv2DTranspose(4, 3, name="transposed")(x)
    x = layers.BatchNormalization(axis=[3], name="bn")(x)
    x = layers.SpatialDropout2D(0.2, name="spatial")(x)
    x = layers.Flatten(name="flat")(x)
    convolutions = tf_keras.Model(image, layers.Dense(3, name="answers")(x))

    image = tf_keras.Input(SHAPE, name="image")
    x = image * 2.0 - 1.0
    x = layers.Conv2D(3, 3, activation="hard_sigmoid", name="conv")(x)
    x = layers.RandomCrop(8, 8, name="crop")(x[:, 1:])
    x = layers.Flatten(name="flat")(x)
    operators = tf_keras.Model(image, layers.Dense(3, activation="softmax", name="answers")(x))

    for name, model, suffix in (
        ("convolutions", convolutions, "h5"),
        ("operators", operators, "keras"),
    ):
        model.save(folder / f"{name}.{suffix}")
        example = np.random.default_rng(1).random((1, *SHAPE)).astype(np.float32)
        np.savez(folder / f"{name}.npz", image=example, output_0=model(example, training=False))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
