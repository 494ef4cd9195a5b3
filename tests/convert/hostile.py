"""Models that do harm when TensorFlow loads them: `python -m tests.convert.hostile FOLDER`.

Each leaves NAME.h5, NAME.keras or a folder NAME, and writes the file "written" beside itself when
it is loaded or called unguarded; armed.json names those that were seen to do so here. Those named
benign_* are of the same kinds and harmless.
"""

import io
import json
import os
import sys
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="-1", TF_USE_LEGACY_KERAS="1")

import h5py
import tensorflow as tf
import tf_keras


def main(folder: Path) -> None:
    written = folder / "written"
    _save_keras_2(folder, written)
    armed = []

    def try_out(name: str, load: Callable[[], Any]) -> None:
        try:
            load()
        except Exception as error:  # noqa: BLE001 - the harm is done before the loader complains
            sys.stderr.write(f"{name}: {type(error).__name__}: {str(error)[:200]}\n")
        found = sorted(folder.glob("written*"))
        if found:
            armed.append(name)
        for path in found:
            path.unlink()

    for path in sorted((*folder.glob("*.h5"), *folder.glob("*.keras"))):
        try_out(path.name, partial(tf_keras.models.load_model, path, compile=False))
    for name, build in SAVED_MODELS.items():
        module = build(str(written))
        tf.saved_model.save(module, str(folder / name), signatures=module.serve)
        for path in folder.glob("written*"):
            path.unlink()
        try_out(name, partial(_call, folder / name))
    (folder / "armed.json").write_text(json.dumps(armed))


def _call(path: Path) -> None:
    model = tf.saved_model.load(str(path))
    model.signatures["serving_default"](image=tf.ones((1, 8, 8, 3)))


def _save_keras_2(folder: Path, written: Path) -> None:
    image = tf_keras.Input((8, 8, 3), name="image")
    x = tf_keras.layers.Flatten(name="flat")(image[:, 1:])
    model = tf_keras.Model(image, tf_keras.layers.Dense(3, name="answers")(x))
    ragged = tf.RaggedTensor.from_tensor(tf_keras.layers.Reshape((7, 24))(image[:, 1:]))
    ragged_model = tf_keras.Model(image, ragged.to_tensor())
    for suffix in ("h5", "keras"):
        model.save(folder / f"benign_slicing.{suffix}")
        ragged_model.save(folder / f"benign_class_method.{suffix}")
        for kind, config in CALLS.items():
            given: tuple[Any, ...] = (str(written), {"contents": "by a model"})
            if kind == "ClassMethod":
                given = ([str(written), "by a model"], {"kwargs": {}})
            layer = {
                "class_name": kind,
                "module": "tf_keras.src.layers.core.tf_op_layer",
                "config": {"name": "evil", **config},
                "name": "evil",
                "inbound_nodes": [["_CONSTANT_VALUE", -1, *given]],
            }
            source = folder / f"benign_slicing.{suffix}"
            _with_layer(source, folder / f"{kind}.{suffix}", layer)


CALLS = {
    "ClassMethod": {"cls_symbol": "io.write_file", "method_name": "__call__"},
    "SlicingOpLambda": {"function": "io.write_file"},
    "TFOpLambda": {"function": "io.write_file"},
}
"""Nodes of Keras 2 that call what they name."""


def _with_layer(source: Path, path: Path, layer: dict[str, Any]) -> None:
    """A copy of the model `source` with one layer more, which nothing needs."""
    path.write_bytes(source.read_bytes())
    if path.suffix == ".h5":
        with h5py.File(path, "r+") as file:
            config = json.loads(file.attrs["model_config"])
            config["config"]["layers"].append(layer)
            file.attrs["model_config"] = json.dumps(config)
        return
    with zipfile.ZipFile(io.BytesIO(source.read_bytes())) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "config.json":
                config = json.loads(content)
                config["config"]["layers"].append(layer)
                content = json.dumps(config).encode()
            new.writestr(name, content)


class _Resource(tf.saved_model.experimental.TrackableResource):  # type: ignore[misc]
    """What is initialized when a SavedModel is loaded."""

    def __init__(self, initialize: Callable[[], None]) -> None:
        super().__init__()
        self._do = initialize

    def _create_resource(self) -> Any:
        return tf.raw_ops.MutableHashTableV2(key_dtype=tf.int64, value_dtype=tf.float32)

    def _initialize(self) -> None:
        self._do()


def _module(initialize: Callable[[], None] | None, extra: Callable[[], Any] | None = None) -> Any:
    module = tf.Module()
    module.scale = tf.Variable(2.0)
    if initialize is not None:
        module.resource = _Resource(initialize)
        _ = module.resource.resource_handle

    def serve(image: Any) -> Any:
        result = tf.reduce_mean(image, axis=(1, 2)) * module.scale
        return result if extra is None else result + extra()

    signature = [tf.TensorSpec((1, 8, 8, 3), tf.float32, name="image")]
    module.serve = tf.function(serve, input_signature=signature)
    return module


def _benign_table(_written: str) -> Any:
    module = _module(lambda: None)
    values = tf.lookup.KeyValueTensorInitializer([1, 2], [1.0, 2.0], tf.int64, tf.float32)
    module.table = tf.lookup.StaticHashTable(values, 0.0)
    return module


def _prints_at_loading(written: str) -> Any:
    return _module(lambda: tf.print("by a model", output_stream=f"file://{written}"))


def _writes_at_loading(written: str) -> Any:
    return _module(lambda: tf.io.write_file(written, "by a model"))


def _reads_at_loading(written: str) -> Any:
    return _module(lambda: tf.io.write_file(written, tf.io.read_file("/proc/self/cmdline")))


def _writes_in_a_called_function(written: str) -> Any:
    def inner() -> Any:
        tf.io.write_file(written, "by a model")
        return tf.constant(1.0)

    return _module(None, tf.function(inner))


def _saves_a_checkpoint(written: str) -> Any:
    def save() -> Any:
        value = tf.constant(1.0)
        operation = tf.raw_ops.SaveV2(
            prefix=written, tensor_names=["x"], shape_and_slices=[""], tensors=[value]
        )
        with tf.control_dependencies([operation]):
            return tf.identity(value)

    return _module(None, save)


def _maps_a_file(_written: str) -> Any:
    def read() -> Any:
        return tf.raw_ops.ImmutableConst(
            dtype=tf.float32, shape=(1, 3), memory_region_name="/proc/self/exe"
        )

    return _module(None, read)


SAVED_MODELS: dict[str, Callable[[str], Any]] = {
    "benign_table": _benign_table,
    "PrintV2": _prints_at_loading,
    "WriteFile": _writes_at_loading,
    "ReadFile": _reads_at_loading,
    "PartitionedCall": _writes_in_a_called_function,
    "SaveV2": _saves_a_checkpoint,
    "ImmutableConst": _maps_a_file,
}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
