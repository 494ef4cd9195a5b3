"""Models with several named inputs or outputs: `python -m tests.convert.named FOLDER`.

Each leaves NAME.tflite, NAME.json (what the worker answered) and NAME.npz: inputs as "in NAME" and
the model's own answers as "out NAME", both in the model's order.
"""

import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="-1", TF_ENABLE_ONEDNN_OPTS="0")

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from edgevision.convert.job import ConvertJob
from edgevision.convert.worker import answer
from edgevision.errors import EdgeVisionError
from edgevision.keras_model.messages import error_to_plain
from tests.convert.custom import TwoHeads

layers = keras.layers
SHAPE = (12, 12, 3)
Arrays = Mapping[str, NDArray[Any]]

IMAGE = tf.TensorSpec((None, *SHAPE), tf.float32, name="image")


def main(folder: Path) -> None:
    keras.utils.set_random_seed(5)
    pixels = np.random.default_rng(5).uniform(0, 255, (1, *SHAPE)).astype(np.float32)
    photo = {"image": pixels}
    for name, model, names in keras_models():
        model.save(folder / f"{name}.keras")
        given = {"meta": np.ones((1, 4), "f"), **photo} if name.endswith("_inputs") else photo
        if name == "subclassed":
            # It declares no Input whose name there could be.
            given = {"input": pixels}
        if name.startswith("uint8"):
            given = {"image": pixels.astype(np.uint8)}
        packed: Any = list(given.values()) if name == "list_inputs" else given
        if len(given) == 1:
            packed = pixels
        outputs = [np.asarray(one) for one in keras.tree.flatten(model(packed, training=False))]
        record(folder, name, given, dict(zip(names, outputs, strict=True)))
        convert(folder, name, folder / f"{name}.keras")
    for name, save in SAVED_MODELS.items():
        given = {"image": pixels}
        record(folder, name, given, save(folder / name, pixels))
        convert(folder, name, folder / name)


def keras_models() -> list[tuple[str, Any, tuple[str, ...]]]:
    """(file name, model, names of its outputs in its order)."""
    image = keras.Input(SHAPE, name="image")
    x = layers.Conv2D(6, 3, activation="relu", name="conv")(layers.Rescaling(1 / 255)(image))
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    age = layers.Dense(1, name="years")(x)
    gender = layers.Dense(2, activation="softmax", name="answers")(x)
    shared = layers.Dense(3, name="shared")
    meta = keras.Input((4,), name="meta")
    raw = keras.Input(SHAPE, dtype="uint8", name="image")
    inner = keras.Model(image, [age, gender], name="inner")
    subclassed = TwoHeads()
    subclassed(np.zeros((1, *SHAPE), np.float32))
    models: dict[str, tuple[Any, tuple[str, ...]]] = {
        "dict_outputs": (keras.Model(image, {"gender": gender, "age": age}), ("age", "gender")),
        "list_outputs": (keras.Model(image, [gender, age]), ("answers", "years")),
        "nested_outputs": (
            keras.Model(image, {"both": [age, gender], "last": age}),
            ("both_0", "both_1", "last"),
        ),
        "shared_layer": (
            keras.Model(image, [shared(x), shared(2 * x)]),
            ("shared", "shared_1"),
        ),
        "one_tensor_twice": (keras.Model(image, [age, age]), ("years", "years_1")),
        "nested_model": (
            keras.Model(image, dict(zip(("years", "kind"), inner(image), strict=True))),
            ("kind", "years"),
        ),
        "sequential": (
            keras.Sequential(
                [
                    keras.Input(SHAPE, name="image"),
                    layers.Conv2D(4, 3, name="first"),
                    layers.Flatten(name="flat"),
                    layers.Dense(3, name="scores"),
                ]
            ),
            ("scores",),
        ),
        "subclassed": (subclassed, ("age", "gender")),
        "dict_inputs": (
            keras.Model(
                {"meta": meta, "image": image},
                layers.Dense(2, name="end")(layers.Concatenate(name="join")([x, meta])),
            ),
            ("end",),
        ),
        "list_inputs": (
            keras.Model([meta, image], layers.Concatenate(name="join")([meta, x])),
            ("join",),
        ),
        "uint8_input": (
            keras.Model(raw, layers.GlobalAveragePooling2D(name="mean")(layers.Rescaling(2)(raw))),
            ("mean",),
        ),
    }
    return [(name, model, names) for name, (model, names) in models.items()]


def _save_exported(folder: Path, pixels: NDArray[Any]) -> Arrays:
    model = keras_models()[0][1]
    model.export(folder, verbose=False)
    return {name: np.asarray(value) for name, value in sorted(model(pixels).items())}


def _save_archive(folder: Path, pixels: NDArray[Any]) -> Arrays:
    """Several signatures."""
    model = keras_models()[1][1]
    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint("serve", model, [IMAGE])
    archive.add_endpoint("age_alone", lambda image: {"age": model(image)[1]}, [IMAGE])
    archive.write_out(folder, verbose=False)
    return {f"output_{index}": np.asarray(one) for index, one in enumerate(model(pixels))}


class _Module(tf.Module):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.kernel = tf.Variable(tf.reshape(tf.range(6, dtype=tf.float32), (3, 2)))

    def score(self, image: Any) -> dict[str, Any]:
        logits = tf.reduce_mean(image, (1, 2)) @ self.kernel
        return {"probabilities": tf.nn.softmax(logits / 999), "logits": logits}


def _save_module(folder: Path, pixels: NDArray[Any]) -> Arrays:
    module = _Module()
    function = tf.function(module.score, input_signature=[IMAGE])
    tf.saved_model.save(module, str(folder), signatures={"classify": function})
    return {name: value.numpy() for name, value in sorted(module.score(pixels).items())}


def _save_tensorflow_1(folder: Path, pixels: NDArray[Any]) -> Arrays:
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        image = v1.placeholder(tf.float32, (None, *SHAPE), name="x")
        kernel = v1.get_variable("w", initializer=np.ones((3, 2), np.float32))
        scores = tf.linalg.matmul(tf.reduce_mean(image, (1, 2)), kernel)
        session.run(v1.global_variables_initializer())
        outputs = {"sum": scores, "half": scores / 2}
        v1.saved_model.simple_save(session, str(folder), inputs={"image": image}, outputs=outputs)
        answers = session.run(outputs, {image: pixels})
    return dict(sorted(answers.items()))


SAVED_MODELS: Mapping[str, Callable[[Path, NDArray[Any]], Arrays]] = {
    "exported": _save_exported,
    "archive": _save_archive,
    "module": _save_module,
    "tensorflow_1": _save_tensorflow_1,
}


def record(folder: Path, name: str, inputs: Arrays, outputs: Arrays) -> None:
    arrays: dict[str, Any] = {f"in {key}": value for key, value in inputs.items()}
    arrays |= {f"out {key}": value for key, value in outputs.items()}
    np.savez(folder / f"{name}.npz", **arrays)


def convert(folder: Path, name: str, source: Path) -> None:
    work = folder / f"work-{name}"
    work.mkdir()
    job = ConvertJob(
        source=str(source),
        output=str(folder / f"{name}.tflite"),
        folder=str(work),
        custom_objects=("tests.convert.custom:TwoHeads",) if name == "subclassed" else (),
    )
    try:
        result = answer(job)
    except EdgeVisionError as error:
        result = {"error": error_to_plain(error)}
    (folder / f"{name}.json").write_text(json.dumps(result))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
