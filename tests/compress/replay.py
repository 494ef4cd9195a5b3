"""Run a traced model call by call with channels held at zero: the reference for removal.

Nothing here knows how channels are removed. Each operation of the original model is applied, at
its full width, and then the channels that are to go are set to zero in its result.
"""

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from edgevision.compress.graph.channel_graph import ChannelGraph
from edgevision.compress.graph.channels import Channels
from edgevision.compress.graph.trace import Call, SymbolicTensor
from edgevision.compress.rules.rule import kind

_OVER_CHANNELS = {"layers.LayerNormalization", "layers.RMSNormalization"}


def outputs_with_zeros(
    graph: ChannelGraph, kept: NDArray[np.bool_], images: NDArray[Any]
) -> NDArray[Any]:
    """The first output of the original model, every channel not in `kept` zeroed everywhere."""
    values: dict[SymbolicTensor, Any] = {
        graph.trace.input_symbols[0]: keras.ops.convert_to_tensor(images)
    }
    for call in graph.trace.calls:
        results = keras.tree.flatten(_apply(graph, kept, call, values))
        for symbol, result in zip(call.outputs, results, strict=True):
            carried = graph.tensor_channels.get(symbol)
            values[symbol] = (
                result if carried is None else result * _mask(graph, kept, carried, symbol)
            )
    return np.asarray(values[graph.trace.output_symbols[0]])


def _apply(
    graph: ChannelGraph, kept: NDArray[np.bool_], call: Call, values: dict[SymbolicTensor, Any]
) -> Any:
    carried = graph.tensor_channels.get(call.inputs[0])
    if kind(call.operation) in _OVER_CHANNELS and carried is not None:
        axes = call.operation.axis
        if [axis % len(call.inputs[0].shape) for axis in axes] == [carried.axis]:
            alive = graph.mask_at(carried.ids, kept)
            return _normalized(call.operation, np.asarray(values[call.inputs[0]]), alive)
    args, kwargs = keras.tree.map_structure(
        lambda leaf: values[leaf] if isinstance(leaf, SymbolicTensor) else leaf,
        (call.args, call.kwargs),
    )
    return call.operation(*args, **kwargs)


def _mask(
    graph: ChannelGraph, kept: NDArray[np.bool_], carried: Channels, symbol: SymbolicTensor
) -> NDArray[Any]:
    column = [1] * len(symbol.shape)
    column[carried.axis] = -1
    return graph.mask_at(carried.ids, kept).astype(symbol.dtype).reshape(column)


def _normalized(layer: Any, x: NDArray[Any], alive: NDArray[np.bool_]) -> NDArray[Any]:
    """LayerNormalization or RMSNormalization of the last axis, counting live channels only."""
    rest = x[..., alive]
    gamma = layer.scale if kind(layer) == "layers.RMSNormalization" else layer.gamma
    if kind(layer) == "layers.LayerNormalization":
        rest = rest - rest.mean(-1, keepdims=True)
    rest = rest / np.sqrt((rest**2).mean(-1, keepdims=True) + layer.epsilon)
    result = np.zeros_like(x)
    result[..., alive] = rest * np.asarray(gamma)[alive]
    if getattr(layer, "beta", None) is not None:
        result[..., alive] += np.asarray(layer.beta)[alive]
    return result
