"""The script that tutorials give for int8: TFLiteConverter with a representative dataset.

Run as `python textbook_ptq.py MODEL OUTPUT.tflite PHOTOS...`; takes the first 200 photos. It is
the other side of compare_toolchain.py, and written as users write it.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


def main(model_path: str, output: str, *folders: str) -> None:
    model = tf.keras.models.load_model(model_path)
    _, height, width, _ = model.input_shape
    paths = [path for folder in folders for path in sorted(Path(folder).glob("*.jpg"))][:200]

    def representative_dataset() -> Iterator[list[NDArray[np.float32]]]:
        for path in paths:
            image = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)  # type: ignore[arg-type]
            image = cv2.resize(image, (width, height)) / 255
            yield [((image - MEAN) / STD).astype(np.float32)[None]]

    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = representative_dataset
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.uint8
    Path(output).write_bytes(converter.convert())


if __name__ == "__main__":
    main(*sys.argv[1:])
