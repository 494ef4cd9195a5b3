"""Build a Keras model again with some of its channels gone: ordinary layers, smaller weights."""

from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from edgevision.compress.graph.channel_graph import ChannelGraph
from edgevision.compress.graph.channels import ChannelIds
from edgevision.compress.graph.trace import Call, SymbolicTensor, Trace
from edgevision.errors import ModelError

Change = Callable[[dict[str, Any]], None]


def remove(graph: ChannelGraph, mask: NDArray[np.bool_]) -> Any:
    """A new functional Keras model without the channels whose representative is False in `mask`.

    Inputs and outputs keep their names, sizes and nesting. Nested models come out flat.

    Raises:
        ModelError: a layer could not be made again from its configuration.
    """
    changes: dict[int, list[Change]] = {}
    for resize in graph.resizes:

        def change(config: dict[str, Any], do: Any = resize.change) -> None:
            do(config, lambda ids: int(graph.mask_at(ids, mask).sum()))

        changes.setdefault(id(resize.operation), []).append(change)
    cuts: dict[tuple[int, int], list[tuple[int, ChannelIds]]] = {}
    for weight_axis in graph.weight_axes:
        staying = np.flatnonzero(graph.mask_at(weight_axis.ids, mask))
        cuts.setdefault((id(weight_axis.operation), weight_axis.weight), []).append(
            (weight_axis.axis, staying)
        )
    return rebuild(graph.trace, changes=changes, cuts=cuts)


def rebuild(
    trace: Trace,
    *,
    changes: Mapping[int, list[Change]],
    cuts: Mapping[tuple[int, int], list[tuple[int, ChannelIds]]],
) -> Any:
    """Make every layer of `trace` anew and call it as the original was called.

    Args:
        trace: The original model.
        changes: By `id` of an operation, what to do to its configuration.
        cuts: By `id` of an operation and position in its weights, the (axis, indices) to keep.
    """
    tensors: dict[SymbolicTensor, Any] = {}
    for symbol in trace.input_symbols:
        tensors[symbol] = keras.Input(
            batch_shape=symbol.shape, dtype=symbol.dtype, name=symbol.name
        )
    copies: dict[int, Any] = {}
    names: set[str] = {symbol.name for symbol in trace.input_symbols}
    for call in trace.calls:
        operation = call.operation
        is_new = id(operation) not in copies
        if is_new:
            copies[id(operation)] = _remade(operation, changes.get(id(operation), []), names)
        copy = copies[id(operation)]
        results = _apply(copy, call, tensors)
        tensors.update(zip(call.outputs, results, strict=True))
        if is_new:
            _copy_weights(operation, copy, cuts)
    inputs, outputs = (
        keras.tree.map_structure(tensors.__getitem__, structure)
        for structure in (trace.inputs, trace.outputs)
    )
    if isinstance(inputs, list | tuple) and len(inputs) == 1:
        # Keras warns at every call of a model whose only input is wrapped in a list.
        [inputs] = inputs
    return keras.Model(inputs, outputs, name=trace.name)


def _apply(copy: Any, call: Call, tensors: Mapping[SymbolicTensor, Any]) -> list[Any]:
    args, kwargs = keras.tree.map_structure(
        lambda leaf: tensors[leaf] if isinstance(leaf, SymbolicTensor) else leaf,
        (call.args, call.kwargs),
    )
    return list(keras.tree.flatten(copy(*args, **kwargs)))


def _remade(operation: Any, changes: list[Change], names: set[str]) -> Any:
    is_layer = isinstance(operation, keras.Layer)
    try:
        config = operation.get_config()
    except NotImplementedError as error:
        if is_layer:
            raise _cannot_remake(operation, error) from error
        # A function without settings of its own keeps nothing, so it can be used again as it is.
        return operation
    for change in changes:
        change(config)
    if is_layer:
        # Flattening nested models may bring the same name twice.
        name = base = str(config["name"])
        suffix = 1
        while name in names:
            name, suffix = f"{base}_{suffix}", suffix + 1
        names.add(name)
        config["name"] = name
    try:
        return type(operation).from_config(config)
    except (TypeError, ValueError, NotImplementedError) as error:
        raise _cannot_remake(operation, error) from error


def _cannot_remake(operation: Any, error: Exception) -> ModelError:
    what = type(operation).__name__
    message = f"cannot make layer {operation.name} ({what}) again: {error}"
    return ModelError(message, hint=f"{what} needs a get_config() that its constructor accepts")


def _copy_weights(
    operation: Any, copy: Any, cuts: Mapping[tuple[int, int], list[tuple[int, ChannelIds]]]
) -> None:
    """Give `copy` the weights of `operation`, cut to the channels that stay."""
    weights = getattr(operation, "weights", [])
    if not weights:
        return
    values = []
    for position, variable in enumerate(weights):
        value = np.asarray(variable)
        for axis, staying in cuts.get((id(operation), position), []):
            value = np.take(value, staying, axis)
        values.append(value)
    wanted = [tuple(variable.shape) for variable in copy.weights]
    if [value.shape for value in values] != wanted:
        message = f"layer {operation.name} came out as {wanted}, its weights as " + str(
            [value.shape for value in values]
        )
        raise ModelError(message, hint="please report this model: the graph was read wrongly")
    copy.set_weights(values)
    # Normalization derives what it computes with from its weights.
    if hasattr(copy, "finalize_state"):
        copy.finalize_state()
