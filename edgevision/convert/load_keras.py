"""Loading `.keras` and `.h5` files, with Keras 3 or with its predecessor `tf_keras`."""

import importlib
import json
import shutil
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from edgevision.convert.archive import Source
from edgevision.convert.job import LOG, Loader
from edgevision.convert.loaded import (
    InputSpec,
    Loaded,
    RefusedError,
    fixed_shape,
    is_training_only,
    shape_hint,
)
from edgevision.convert.modernize import modernize
from edgevision.errors import UsageError


def load_keras(
    source: Source,
    *,
    loader: Loader,
    custom_objects: Mapping[str, Any],
    input_shape: tuple[int, int, int] | None,
    folder: Path,
) -> Loaded:
    """Load a model file whose configuration has been found safe.

    Args:
        source: the file and its configuration.
        loader: "keras" or "tf_keras"; the process must have been started for that one.
        custom_objects: classes and functions by name.
        input_shape: (height, width, channels), for a model that leaves sides open.
        folder: for a copy of the file with its configuration edited, when that is needed.

    Raises:
        RefusedError: Keras refuses the file.
        UsageError: the input's shape is unknown or contradicts `input_shape`.
    """
    library: Any = importlib.import_module(loader)
    path = _prepared(source, folder, keras_2=source.is_keras_2 and loader == "keras")
    try:
        model = _load(library, path, custom_objects)
    except Exception as error:  # Keras raises nearly anything for a file it dislikes
        if input_shape is None or not _is_unbuilt(error) or source.kind != "keras":
            raise _refused(source, error) from error
        model = _build_then_load(library, path, source, custom_objects, input_shape)
    specs, structure = _inputs(model, input_shape)
    tree = library.tree if loader == "keras" else None
    return Loaded(
        loader=loader,
        inputs=specs,
        call=_caller(model, structure, tree),
        layers=tuple(name for name, _ in _walk(model)),
        training_only=tuple(
            name for name, layer in _walk(model) if is_training_only(type(layer).__name__)
        ),
        variables=tuple(model.variables) if loader == "keras" else (),
        weights=lambda: _weights(model),
        versions={loader: str(library.__version__)},
        warnings=tuple(
            f"layer {name!r} (RandomCrop) crops the centre at inference"
            for name, layer in _walk(model)
            if type(layer).__name__ == "RandomCrop"
        ),
    )


def _load(library: Any, path: Path, custom_objects: Mapping[str, Any]) -> Any:
    # safe_mode is the default; said aloud because everything rests on it.
    return library.models.load_model(
        str(path), custom_objects=dict(custom_objects), compile=False, safe_mode=True
    )


def _prepared(source: Source, folder: Path, *, keras_2: bool) -> Path:
    """The file under a name that Keras accepts, with its configuration edited if need be."""
    edited = modernize(source.config, keras_2=keras_2)
    path = folder / f"model.{source.kind}"
    if not edited:
        if source.path.suffix == f".{source.kind}":
            return source.path
        path.symlink_to(source.path.resolve())
        return path
    text = json.dumps(source.config)
    if source.kind == "h5":
        import h5py

        shutil.copyfile(source.path, path)
        with h5py.File(path, "r+") as file:
            file.attrs["model_config"] = text
        return path
    with zipfile.ZipFile(source.path) as old, zipfile.ZipFile(path, "w") as new:
        for member in old.infolist():
            if member.filename == "config.json":
                new.writestr("config.json", text)
                continue
            with old.open(member) as original, new.open(member.filename, "w") as copy:
                shutil.copyfileobj(original, copy)
    return path


def _is_unbuilt(error: Exception) -> bool:
    text = str(error)
    return "never built" in text or "not been built" in text or "not built" in text


def _build_then_load(
    library: Any,
    path: Path,
    source: Source,
    custom_objects: Mapping[str, Any],
    input_shape: tuple[int, int, int],
) -> Any:
    """A subclassed model whose file does not tell its input: built first, then given weights."""
    try:
        with library.utils.custom_object_scope(dict(custom_objects)):
            model = library.saving.deserialize_keras_object(source.config, safe_mode=True)
            model(library.ops.zeros((1, *input_shape)), training=False)
            model.load_weights(str(path))
    except Exception as error:  # as above
        raise _refused(source, error) from error
    return model


def _inputs(
    model: Any, input_shape: tuple[int, int, int] | None
) -> tuple[tuple[InputSpec, ...], Any]:
    """The inputs, and the structure the model expects them in (None for a bare tensor)."""
    tensors = getattr(model, "inputs", None)
    if tensors:
        names = getattr(model, "input_names", None) or [tensor.name for tensor in tensors]
        specs = tuple(
            InputSpec(
                name=str(name).partition(":")[0],
                shape=fixed_shape(str(name), tuple(tensor.shape), input_shape),
                dtype=_dtype_name(tensor.dtype),
            )
            for name, tensor in zip(names, tensors, strict=True)
        )
        # A Sequential has `inputs` and no `input`, until it is called.
        return specs, getattr(model, "input", None)
    shape = _recorded_shape(model)
    if shape is None and input_shape is None:
        message = "the model does not say how large its input is"
        raise UsageError(message, hint=shape_hint())
    if shape is None or len(shape) != 4:
        shape = (None, None, None, None)
    fixed = fixed_shape("input", shape, input_shape)
    if not model.built:
        model.build((None, *fixed[1:]))
    return (InputSpec(name="input", shape=fixed, dtype="float32"),), None


def _recorded_shape(model: Any) -> tuple[int | None, ...] | None:
    """The input's shape that a subclassed model was built with, if it remembers one."""
    get = getattr(model, "get_build_config", None)
    recorded = get() if get else None
    shape = (recorded or {}).get("input_shape")
    if isinstance(shape, list | tuple) and all(side is None or int(side) > 0 for side in shape):
        return tuple(shape)
    return None


def _caller(model: Any, structure: Any, tree: Any) -> Any:
    if tree is None:
        import tensorflow as tf

        tree = tf.nest

    def call(tensors: Sequence[Any]) -> list[tuple[str, Any]]:
        given = tensors[0] if structure is None else tree.pack_sequence_as(structure, list(tensors))
        outputs = tree.flatten(model(given, training=False))
        names = list(getattr(model, "output_names", None) or ())
        if len(names) != len(outputs):
            names = [f"output_{index}" for index in range(len(outputs))]
        return list(zip(names, outputs, strict=True))

    return call


def _walk(model: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """All layers with their path, those of nested models after the model itself."""
    for layer in getattr(model, "layers", ()):
        path = f"{prefix}{layer.name}"
        yield path, layer
        yield from _walk(layer, f"{path}/")


def _weights(model: Any) -> Iterator[tuple[str, NDArray[Any]]]:
    for weight in model.weights:
        yield str(getattr(weight, "path", weight.name)).partition(":")[0], weight.numpy()


def _dtype_name(dtype: Any) -> str:
    return str(getattr(dtype, "name", dtype))


def _refused(source: Source, error: Exception) -> RefusedError:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = lines[0] if lines else type(error).__name__
    for marker in ("Unknown layer: ", "Could not locate class ", "Could not locate function "):
        if marker in str(error):
            name = str(error).partition(marker)[2].split("'")[1]
            message = f"the model needs {name!r}, which Keras does not know"
            return RefusedError(
                message, hint=f"name the Python that defines it: --custom-objects module:{name}"
            )
    if len(text) > 300:
        reason = [line for line in lines if "Exception encountered" in line]
        text = f"{text[:200]}... {reason[0][:200] if reason else ''}".strip()
    return RefusedError(
        f"Keras cannot load {source.path}: {text}", hint=f"the log says more: {LOG}"
    )
