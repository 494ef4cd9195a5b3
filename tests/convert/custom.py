"""Classes a user might name with --custom-objects; imported only in the child."""

from typing import Any

import keras
import tensorflow as tf


class RawScale(keras.layers.Layer):  # type: ignore[misc]
    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.hidden = tf.Variable([0.5, 2.0, 3.0])

    def call(self, inputs: Any) -> Any:
        return inputs * self.hidden


class Lazy(keras.Model):  # type: ignore[misc]
    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.conv = keras.layers.Conv2D(4, 3, name="conv")

    def build(self, _input_shape: Any) -> None:
        self.built = True

    def call(self, inputs: Any) -> Any:
        return keras.ops.mean(self.conv(inputs), axis=(1, 2))


class Tiny(keras.Model):  # type: ignore[misc]
    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.conv = keras.layers.Conv2D(4, 3, name="conv")
        self.pool = keras.layers.GlobalAveragePooling2D(name="pool")
        self.answers = keras.layers.Dense(3, activation="softmax", name="answers")

    def call(self, inputs: Any) -> Any:
        return self.answers(self.pool(self.conv(inputs)))


class TwoHeads(keras.Model):  # type: ignore[misc]
    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.conv = keras.layers.Conv2D(4, 3, name="conv")
        self.pool = keras.layers.GlobalAveragePooling2D(name="pool")
        self.kind = keras.layers.Dense(2, activation="softmax", name="kind")
        self.years = keras.layers.Dense(1, name="years")

    def call(self, inputs: Any) -> Any:
        features = self.pool(self.conv(inputs / 255))
        return {"gender": self.kind(features), "age": self.years(features)}
