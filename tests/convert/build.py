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

from edgevision.convert.job import Job, error_to_dict
from edgevision.convert.worker import answer
from edgevision.errors import EdgeVisionError
from tests.convert.models import BUILDERS, depthwise_residual

SHAPES = {"open_size": (20, 24, 3)}
"""Given as --input-shape."""


def main(folder: Path) -> None:
    import keras

    for name, build in BUILDERS.items():
        started = time.perf_counter()
        keras.utils.set_random_seed(1)
        model = build(keras)
        _liven(model)
        source = folder / f"{name}.keras"
        model.save(source)
        if name not in {"unbuilt", "with_lambda"}:
            reference = model
            if name.startswith("mixed"):
                reference = depthwise_residual(keras)
                reference.set_weights(model.get_weights())
            _record(reference, SHAPES.get(name), folder / f"{name}.npz", keras)
        work = folder / f"work-{name}"
        work.mkdir()
        job = Job(
            source=str(source),
            output=str(folder / f"{name}.tflite"),
            folder=str(work),
            loader="keras",
            input_shape=SHAPES.get(name),
        )
        _answer(job, folder / f"{name}.json")
        keras.backend.clear_session()
        sys.stderr.write(f"{name} {time.perf_counter() - started:.2f}\n")
    saved_model_of(keras, folder)


def saved_model_of(keras: Any, folder: Path) -> None:
    """A SavedModel of `cnn`, as model.export makes it, with an open batch."""
    model = keras.saving.load_model(folder / "cnn.keras")
    model.export(folder / "exported", verbose=False)
    work = folder / "work-exported"
    work.mkdir()
    job = Job(
        source=str(folder / "exported"),
        output=str(folder / "exported.tflite"),
        folder=str(work),
        loader="keras",
    )
    _answer(job, folder / "exported.json")


def _liven(model: Any) -> None:
    """Give normalization layers statistics that change something."""
    generator = np.random.default_rng(7)
    for weight in model.weights:
        kind = weight.path.rpartition("/")[2]
        if kind in {"gamma", "moving_variance"}:
            weight.assign(generator.uniform(0.5, 1.5, weight.shape))
        elif kind in {"beta", "moving_mean"}:
            weight.assign(generator.normal(0, 0.2, weight.shape))


def _record(model: Any, shape: tuple[int, ...] | None, path: Path, keras: Any) -> None:
    generator = np.random.default_rng(3)
    inputs = {
        tensor.name: generator.random((1, *(shape or tensor.shape[1:]))).astype(np.float32) * 255
        for tensor in model.inputs
    }
    given = [keras.ops.convert_to_tensor(array) for array in inputs.values()]
    structure = getattr(model, "input", None)
    packed = given[0] if structure is None else keras.tree.pack_sequence_as(structure, given)
    outputs = keras.tree.flatten(model(packed, training=False))
    answers = {f"output_{i}": np.asarray(value, np.float32) for i, value in enumerate(outputs)}
    np.savez(path, **inputs, **answers)


def _answer(job: Job, path: Path) -> None:
    try:
        result = answer(job)
    except EdgeVisionError as error:
        result = {"error": error_to_dict(error)}
    path.write_text(json.dumps(result))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
