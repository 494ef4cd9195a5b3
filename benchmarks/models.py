"""The models that benchmarks run: well-known networks with random weights, float and int8.

Latency depends on shapes and types, not on what was learned, so nothing needs to be downloaded.
"-int8" is the textbook TFLiteConverter's, "-edgevision" ours. Built once into a folder; takes
about a minute.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.quantize.quantize import quantize
from edgevision.recipe.named import recipe_for

BUILT = Path(__file__).with_name("build")
NAMES = ("MobileNetV2", "MobileNetV3Small")


def built_models(folder: Path = BUILT) -> dict[str, Path]:
    """Paths of the models by name, "MobileNetV2-float" and so on; made when missing."""
    paths = {
        f"{name}-{kind}": folder / f"{name}-{kind}.tflite"
        for name in NAMES
        for kind in ("float", "int8", "edgevision")
    }
    if not all(path.exists() for path in paths.values()):
        print("building the models", file=sys.stderr)
        folder.mkdir(exist_ok=True)
        # TensorFlow prints what it saves; standard output is for the figures.
        with redirect_stdout(sys.stderr):
            _build(paths)
    return paths


def _build(paths: dict[str, Path]) -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras
    import numpy as np
    import tensorflow as tf

    chance = np.random.default_rng(0)

    def images() -> Iterator[list[Any]]:
        for _ in range(8):
            yield [chance.uniform(-1, 1, (1, 224, 224, 3)).astype(np.float32)]

    keras.utils.set_random_seed(0)
    for name in NAMES:
        network = getattr(keras.applications, name)(weights=None)
        # A static batch: with -1 there, MobileNetV3's reshapes are refused by XNNPACK.
        given = keras.Input(batch_shape=(1, 224, 224, 3))
        fixed = keras.Model(given, network(given, training=False))
        paths[f"{name}-float"].write_bytes(
            tf.lite.TFLiteConverter.from_keras_model(fixed).convert()
        )
        converter = tf.lite.TFLiteConverter.from_keras_model(fixed)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = images
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = tf.uint8
        paths[f"{name}-int8"].write_bytes(converter.convert())
        ours = quantize(
            paths[f"{name}-float"],
            preprocessing=ImagePreprocessing(width=224, height=224, mean=(127.5,), std=(127.5,)),
            images=lambda: ((127.5 * (one[0] + 1)).astype(np.uint8) for (one,) in images()),
            recipe=recipe_for("int8"),
        )
        paths[f"{name}-edgevision"].write_bytes(ours.content)
