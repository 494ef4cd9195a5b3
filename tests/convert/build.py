"""Builds, saves and converts the test models in one process: `python -m ...build FOLDER`.

TensorFlow takes seconds to start, so all models share one start. Each leaves in the folder
NAME.keras, NAME.npz (an input and Keras's own answer) and NAME.json (what the worker answered),
and NAME.tflite when that worked.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="-1", TF_ENABLE_ONEDNN_OPTS="0")

import numpy as np

from edgevision.convert.job import ConvertJob
from edgevision.convert.worker import answer
from edgevision.errors import EdgeVisionError
from edgevision.keras_model.messages import error_to_plain
from tests.convert.models import BUILDERS, depthwise_residual

OPTIONS: dict[str, dict[str, Any]] = {
    "open_size": {"input_shape": (20, 24, 3)},
    "raw_variable": {"custom_objects": ("tests.convert.custom:RawScale",)},
    "lazily_built": {
        "custom_objects": ("tests.convert.custom:Lazy",),
        "input_shape": (12, 12, 3),
    },
    "subclassed": {"custom_objects": ("tests.convert.custom:Tiny",)},
}
"""What the job of a model says besides its paths."""

AGAIN: dict[str, tuple[str, dict[str, Any]]] = {
    "open_size_unsaid": ("open_size.keras", {}),
    "cnn_other_size": ("cnn.keras", {"input_shape": (96, 96, 3)}),
    "allowed_flex": ("needs_flex.keras", {"allow_flex": True}),
    "unvouched": ("subclassed.keras", {}),
    "missing_module": ("subclassed.keras", {"custom_objects": ("no_such_module:Tiny",)}),
    "exported": ("exported", {}),
    "writer": ("writer", {}),
    "never_built": ("unbuilt.keras", {"input_shape": (8, 8, 3)}),
    "resaved_h5": ("cnn.h5", {}),
}
"""Further jobs on the same files: name -> (file, what the job says)."""

NOT_RUN = {"unbuilt", "with_lambda", "crop_then_flatten"}
"""Keras cannot or need not run these."""


def main(folder: Path) -> None:
    import keras

    for name, build in BUILDERS.items():
        started = time.perf_counter()
        keras.utils.set_random_seed(1)
        model = build(keras)
        _liven(model)
        source = folder / f"{name}.keras"
        model.save(source)
        if name not in NOT_RUN:
            reference = model
            if name.startswith("mixed"):
                reference = depthwise_residual(keras)
                reference.set_weights(model.get_weights())
            _record(reference, OPTIONS.get(name, {}).get("input_shape"), folder, name, keras)
        if name == "cnn":
            model.export(folder / "exported", verbose=False)
            model.save(folder / "cnn.h5")
        _convert(folder, name, source, OPTIONS.get(name, {}))
        sys.stderr.write(f"{name} {time.perf_counter() - started:.2f}\n")
    _save_writer(folder)
    for name, (file, options) in AGAIN.items():
        _convert(folder, name, folder / file, options)


def _save_writer(folder: Path) -> None:
    """A SavedModel that writes a file when it is called."""
    import tensorflow as tf

    def serve(image: Any) -> Any:
        tf.io.write_file(str(folder / "written"), "by a model")
        return tf.reduce_mean(image, axis=(1, 2))

    module = tf.Module()
    module.serve = tf.function(serve, input_signature=[tf.TensorSpec((1, 8, 8, 3), tf.float32)])
    tf.saved_model.save(module, str(folder / "writer"), signatures=module.serve)


def _convert(folder: Path, name: str, source: Path, options: dict[str, Any]) -> None:
    work = folder / f"work-{name}"
    work.mkdir()
    job = ConvertJob(
        source=str(source),
        output=str(folder / f"{name}.tflite"),
        folder=str(work),
        **options,
    )
    try:
        result = answer(job)
    except EdgeVisionError as error:
        result = {"error": error_to_plain(error)}
    (folder / f"{name}.json").write_text(json.dumps(result))


def _liven(model: Any) -> None:
    """Give normalization layers statistics that change something."""
    generator = np.random.default_rng(7)
    for weight in model.weights:
        kind = weight.path.rpartition("/")[2]
        if kind in {"gamma", "moving_variance"}:
            weight.assign(generator.uniform(0.5, 1.5, weight.shape))
        elif kind in {"beta", "moving_mean"}:
            weight.assign(generator.normal(0, 0.2, weight.shape))


def _record(model: Any, shape: tuple[int, ...] | None, folder: Path, name: str, keras: Any) -> None:
    """Save an input and the model's own answer to it."""
    generator = np.random.default_rng(3)
    tensors = getattr(model, "inputs", None)
    shapes = (
        {tensor.name: shape or tensor.shape[1:] for tensor in tensors}
        if tensors
        else {"input": shape or model.get_build_config()["input_shape"][1:]}
    )
    inputs = {
        key: generator.random((1, *sides)).astype(np.float32) * 255 for key, sides in shapes.items()
    }
    given = [keras.ops.convert_to_tensor(array) for array in inputs.values()]
    structure = getattr(model, "input", None) if tensors else None
    packed = given[0] if structure is None else keras.tree.pack_sequence_as(structure, given)
    outputs = keras.tree.flatten(model(packed, training=False))
    arrays: dict[str, Any] = dict(inputs)
    arrays |= {f"output_{i}": np.asarray(value, np.float32) for i, value in enumerate(outputs)}
    np.savez(folder / f"{name}.npz", **arrays)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
