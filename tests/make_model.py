"""Writes the small Keras models of these tests; run as a script, so that pytest stays without TF.

`colours.keras` answers which colour channel is strongest: its weights are set by hand, so its
accuracy on coloured noise is exactly 100 %.
"""

import sys
from pathlib import Path

import keras
import numpy as np
from keras import layers

SIDE = 16


def colours() -> keras.Model:
    """Inputs 0..1, (SIDE, SIDE, 3); softmax over red, green, blue."""
    model = keras.Sequential(
        [
            layers.Input((SIDE, SIDE, 3)),
            layers.RandomFlip("horizontal"),
            layers.Conv2D(8, 3, padding="same", activation="relu", name="mix"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(3, activation="softmax", name="answer"),
        ],
        name="colours",
    )
    mix = np.zeros((3, 3, 3, 8), np.float32)
    answer = np.zeros((8, 3), np.float32)
    for channel in range(3):
        mix[1, 1, channel, channel] = 1
        answer[channel, channel] = 20
    model.get_layer("mix").set_weights([mix, np.zeros(8, np.float32)])
    model.get_layer("answer").set_weights([answer, np.zeros(3, np.float32)])
    return model


def colours_from_0_to_1() -> keras.Model:
    """As `colours`, but wrong about anything below 0 and above 1: no other range will do."""
    image = keras.Input((SIDE, SIDE, 3))
    mixed = layers.Conv2D(9, 1, activation="relu", name="mix")(image)
    scores = layers.Dense(3, activation="softmax", name="answer")
    model = keras.Model(image, scores(layers.GlobalAveragePooling2D()(mixed)), name="colours")
    mix, bias = np.zeros((1, 1, 3, 9), np.float32), np.zeros(9, np.float32)
    answer = np.zeros((9, 3), np.float32)
    for channel in range(3):
        # What is in range, below 0, and above 1.
        mix[0, 0, channel, channel::3] = (1, -1, 1)
        bias[channel + 6] = -1
        answer[channel::3, channel] = (20, 60, -60)
    model.get_layer("mix").set_weights([mix, bias])
    scores.set_weights([answer, np.zeros(3, np.float32)])
    return model


def _features(image: keras.KerasTensor) -> keras.KerasTensor:
    """(8,) means over the picture of what a convolution makes of it."""
    return layers.GlobalAveragePooling2D()(layers.Conv2D(8, 3, activation="relu")(image))


def other_tasks() -> dict[str, keras.Model]:
    """Untrained models, inputs 0..1, that are no softmax classifiers."""
    keras.utils.set_random_seed(0)
    image = keras.Input((SIDE, SIDE, 3))
    features = _features(image)
    dense = {size: layers.Dense(size)(features) for size in (1, 3, 7)}
    stretched = layers.Rescaling(30, offset=40, name="age")(dense[1])
    pixels = keras.Input((SIDE, SIDE, 3), dtype="uint8", name="pixels")
    whole = layers.Dense(3)(_features(layers.Rescaling(1 / 255)(pixels)))
    return {
        "whole": keras.Model(pixels, layers.Softmax()(whole)),
        "named": keras.Model(image, {"zebra": dense[3], "apple": dense[1]}),
        "age": keras.Model(image, stretched),
        "heads": keras.Model(image, [dense[1], layers.Softmax(name="kind")(dense[3])]),
        "mask": keras.Model(image, layers.Conv2D(2, 3, activation="relu", padding="same")(image)),
        "embedding": keras.Model(image, layers.UnitNormalization()(dense[7])),
        "logits": keras.Model(image, dense[7]),
        "unit": keras.Model(image, layers.Activation("sigmoid")(dense[1])),
        "tags": keras.Model(image, layers.Activation("sigmoid")(dense[3])),
    }


def brightness() -> keras.Model:
    """Inputs 0..1; one number, the mean of all pixels in levels of 0 to 255."""
    image = keras.Input((SIDE, SIDE, 3))
    mixed = layers.Conv2D(4, 1, activation="relu", name="mix")(image)
    level = layers.Dense(1, name="level")
    model = keras.Model(image, level(layers.GlobalAveragePooling2D()(mixed)), name="brightness")
    model.get_layer("mix").set_weights([np.full((1, 1, 3, 4), 1 / 3), np.zeros(4)])
    level.set_weights([np.full((4, 1), 255 / 4), np.zeros(1)])
    return model


def main(folder: Path) -> None:
    """Write colours.keras, nan.keras (the same with a NaN weight), ranged.keras, and the others."""
    brightness().save(folder / "brightness.keras")
    for name, other in other_tasks().items():
        other.save(folder / f"{name}.keras")
    colours_from_0_to_1().save(folder / "ranged.keras")
    model = colours()
    model.save(folder / "colours.keras")
    kernel, bias = model.get_layer("mix").get_weights()
    kernel[0, 0, 0, 0] = np.nan
    model.get_layer("mix").set_weights([kernel, bias])
    model.save(folder / "nan.keras")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
