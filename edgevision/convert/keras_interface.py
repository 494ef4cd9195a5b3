"""What a Keras model's inputs and outputs are called, and how large its inputs are."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from edgevision.convert.job import ModelInput
from edgevision.convert.loaded import fixed_shape, shape_hint
from edgevision.errors import UsageError
from edgevision.keras_model.load import KerasLibrary

PathsOf: TypeAlias = Callable[[Any], list[tuple[Any, ...]]]
"""The way to each tensor in a structure, in the order in which the library flattens it."""


def paths_of(library: KerasLibrary) -> PathsOf:
    """Keys and positions on the way to each tensor in a structure of `library`."""
    if library == "keras":
        import keras

        return lambda structure: [path for path, _ in keras.tree.flatten_with_path(structure)]
    from tensorflow.python.util import nest

    return lambda structure: [path for path, _ in nest.flatten_with_tuple_paths(structure)]


def model_inputs(
    model: Any, input_shape: tuple[int, int, int] | None, *, paths: PathsOf
) -> tuple[tuple[ModelInput, ...], Any]:
    """The inputs, and the structure the model expects them in (None for a bare tensor).

    Args:
        model: a Keras model of either library.
        input_shape: (height, width, channels) for sides that the model leaves open.
        paths: as `paths_of` gives it for the library.

    Raises:
        UsageError: a side stays open, or `input_shape` contradicts the model.
    """
    tensors = getattr(model, "inputs", None)
    if tensors:
        # A Sequential has `inputs` and no `input`, until it is called.
        structure = getattr(model, "input", None)
        own = getattr(model, "input_names", None) or [tensor.name for tensor in tensors]
        names = leaf_names(paths(structure), [str(name).partition(":")[0] for name in own])
        inputs = tuple(
            ModelInput(
                name=name,
                shape=fixed_shape(name, tuple(tensor.shape), input_shape),
                dtype=_dtype_name(tensor.dtype),
            )
            for name, tensor in zip(names, tensors, strict=True)
        )
        return inputs, structure
    shape = _recorded_shape(model)
    if shape is None and input_shape is None:
        message = "the model does not say how large its input is"
        raise UsageError(message, hint=shape_hint())
    if shape is None or len(shape) != 4:
        shape = (None, None, None, None)
    fixed = fixed_shape("input", shape, input_shape)
    return (ModelInput(name="input", shape=fixed, dtype="float32"),), None


def leaf_names(paths: Sequence[Sequence[Any]], own: Sequence[str]) -> tuple[str, ...]:
    """Names of the tensors in a structure, each once: their keys where it has dicts, else `own`.

    A tensor in a list or a dict within a dict is named by its way there from the first key on.

    >>> leaf_names([("boxes", 0), ("boxes", 1), ("kind",)], ["dense", "dense_1", "dense_2"])
    ('boxes_0', 'boxes_1', 'kind')
    >>> leaf_names([(0,), (1,)], ["shared", "shared"])
    ('shared', 'shared_1')

    Args:
        paths: keys and positions on the way to each tensor.
        own: what the tensors are called themselves, in the same order.
    """
    if len(paths) != len(own):
        # What the model declares and what it is called with differ: a bare tensor in a list, say.
        return _unique(own)
    return _unique([_joined(path) or name for path, name in zip(paths, own, strict=True)])


def _joined(path: Sequence[Any]) -> str:
    """The steps of `path` from the first key on; "" when there are positions only."""
    first = next((at for at, step in enumerate(path) if isinstance(step, str)), len(path))
    return "_".join(str(step) for step in path[first:])


def _unique(names: Sequence[str]) -> tuple[str, ...]:
    """Each name, with a number behind it from its second use on."""
    found: list[str] = []
    for name in names:
        unique, number = name, 0
        while unique in found or (number and unique in names):
            number += 1
            unique = f"{name}_{number}"
        found.append(unique)
    return tuple(found)


def _recorded_shape(model: Any) -> tuple[int | None, ...] | None:
    """The input's shape that a subclassed model was built with, if it remembers one."""
    get = getattr(model, "get_build_config", None)
    recorded = get() if get else None
    shape = (recorded or {}).get("input_shape")
    if isinstance(shape, list | tuple) and all(side is None or int(side) > 0 for side in shape):
        return tuple(shape)
    return None


def _dtype_name(dtype: Any) -> str:
    return str(getattr(dtype, "name", dtype))
