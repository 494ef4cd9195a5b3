"""A model from a `.keras` or `.h5` file as something that can be called and traced."""

import functools
import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgevision.convert.job import ModelInput
from edgevision.convert.keras_interface import PathsOf, leaf_names, model_inputs, paths_of
from edgevision.convert.loaded import Loaded, NamedTensor, is_training_only
from edgevision.errors import ModelError
from edgevision.keras_model.archive import Source
from edgevision.keras_model.load import KerasLibrary, load_model, refused

_RANDOM_CROP: dict[KerasLibrary, str] = {
    "keras": "passes the whole picture on",
    "tf_keras": "crops the centre to the target's aspect ratio and resizes",
}
"""What the layer does outside training, read in keras 3.15 and tf_keras 2.21. Keras 3 documents
the older behaviour, but does this; we answer what Keras answers, and say so."""


def load_keras(
    source: Source,
    *,
    loader: KerasLibrary,
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
        ModelError: the file holds no weights.
        UsageError: the input's shape is unknown or contradicts `input_shape`.
    """
    model, path = load_model(source, library=loader, custom_objects=custom_objects, folder=folder)
    library: Any = importlib.import_module(loader)
    if loader == "tf_keras":
        _use_inference_crops(library, model)
    paths = paths_of(loader)
    inputs, structure = model_inputs(model, input_shape, paths=paths)
    if not getattr(model, "inputs", None):
        _complete(model, inputs[0], path, source)
    tree = library.tree if loader == "keras" else None
    return Loaded(
        loader=loader,
        inputs=inputs,
        call=_caller(
            model, structure, tree, paths, tensors_known=bool(getattr(model, "inputs", None))
        ),
        layers=tuple(name for name, _ in _walk(model)),
        training_only=tuple(
            name for name, layer in _walk(model) if is_training_only(type(layer).__name__)
        ),
        variables=tuple(model.variables) if loader == "keras" else (),
        weights=lambda: _weights(model),
        versions={loader: str(library.__version__)},
        warnings=tuple(
            f"layer {name!r} (RandomCrop) {_RANDOM_CROP[loader]} at inference"
            for name, layer in _walk(model)
            if type(layer).__name__ == "RandomCrop"
        ),
    )


def _use_inference_crops(library: Any, model: Any) -> None:
    """Give `tf_keras` RandomCrop layers their inference branch alone.

    The layer chooses by a condition in the graph, whose other branch draws random numbers; TFLite
    has none to draw.
    """
    for _, layer in _walk(model):
        if type(layer).__name__ == "RandomCrop":
            layer.call = functools.partial(_crop_centre, library, layer)


def _crop_centre(library: Any, layer: Any, inputs: Any, **_options: Any) -> Any:
    return library.preprocessing.image.smart_resize(inputs, (layer.height, layer.width))


def _complete(model: Any, spec: ModelInput, path: Path, source: Source) -> None:
    """Build what a subclassed model builds at its first call, and only then read its weights.

    Keras loads a model whose layers do not exist yet without a word, and without its weights.
    """
    before = len(model.variables)
    try:
        model(np.zeros(spec.shape, spec.dtype), training=False)
        if len(model.variables) != before:
            model.load_weights(str(path))
    except Exception as error:  # the user's code, and Keras as above
        if "received 0 variables" in str(error):
            message = f"{source.path} holds no weights: it was saved before the model was built"
            hint = "call the model on a batch or fit it, then save it again"
            raise ModelError(message, hint=hint) from error
        raise refused(source, error) from error


def _caller(
    model: Any, structure: Any, tree: Any, paths: PathsOf, *, tensors_known: bool
) -> Callable[[Sequence[Any]], list[NamedTensor]]:
    if tree is None:
        import tensorflow as tf

        tree = tf.nest

    def call(tensors: Sequence[Any]) -> list[NamedTensor]:
        given = tensors[0] if structure is None else tree.pack_sequence_as(structure, list(tensors))
        answer = model(given, training=False)
        outputs = tree.flatten(answer)
        layers = list(getattr(model, "output_names", None) or ())
        if not layers and tensors_known:
            # A Sequential names no outputs; its last layer makes the only one.
            layers = [model.layers[-1].name]
        if len(layers) != len(outputs):
            layers = [f"output_{index}" for index in range(len(outputs))]
        return [
            NamedTensor(name=name, layer=layer, tensor=tensor)
            for name, layer, tensor in zip(
                leaf_names(paths(answer), layers), layers, outputs, strict=True
            )
        ]

    return call


def _walk(model: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """All layers with their path, those of nested models after the model itself."""
    # A functional model also has operations that are no layers, such as keras.ops.erf(x).
    for layer in getattr(model, "operations", ()) or getattr(model, "layers", ()):
        path = f"{prefix}{layer.name}"
        yield path, layer
        yield from _walk(layer, f"{path}/")


def _weights(model: Any) -> Iterator[tuple[str, NDArray[Any]]]:
    for weight in model.weights:
        yield str(getattr(weight, "path", weight.name)).partition(":")[0], weight.numpy()
