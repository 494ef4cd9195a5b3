"""What a model costs with some of its channels gone, worked out without building it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from edgevision.compress.graph.channel_graph import ChannelGraph
from edgevision.compress.graph.channels import ChannelIds
from edgevision.compress.graph.trace import Call
from edgevision.compress.rules.rule import kind
from edgevision.errors import ModelError

# What an int8 .tflite holds beside one byte per weight. Per output channel of a convolution or
# Dense layer: a bias (int32), and for kernel and bias each a scale (float32) and a zero point
# (int64). Per operation: its tensors' names, shapes and buffers.
_BYTES_PER_CHANNEL = 4 + 2 * (4 + 8)
_BYTES_PER_OPERATION = 400
_BYTES_PER_FILE = 2000

# These disappear in conversion, or become part of the layer before them.
_FOLDED = frozenset({"layers.BatchNormalization", "layers.Dropout", "layers.Normalization"})


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerCost:
    """One layer's share."""

    layer: str
    what: str
    """Its class, such as "Conv2D"."""

    parameters: int
    macs: int
    """Multiply-adds of convolutions and Dense layers for one image."""

    int8_bytes: int
    """What it is expected to take in an int8 .tflite."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCost:
    """What a model costs."""

    layers: tuple[LayerCost, ...]

    @property
    def parameters(self) -> int:
        """All weights, as Keras counts them."""
        return sum(layer.parameters for layer in self.layers)

    @property
    def macs(self) -> int:
        """Multiply-adds of convolutions and Dense layers for one image."""
        return sum(layer.macs for layer in self.layers)

    @property
    def int8_bytes(self) -> int:
        """Expected size of the int8 .tflite."""
        return _BYTES_PER_FILE + sum(layer.int8_bytes for layer in self.layers)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Weight:
    """Shape of a weight, and which of its axes follow which channels."""

    shape: tuple[int, ...]
    followed: tuple[tuple[int, ChannelIds], ...]
    positions: int
    """How often each of its numbers is multiplied for one image; 0 for what is no kernel."""

    def shape_with(self, mask: NDArray[np.bool_]) -> tuple[int, ...]:
        shape = list(self.shape)
        for axis, roots in self.followed:
            shape[axis] = int(mask[roots].sum())
        return tuple(shape)


@dataclass(frozen=True, slots=True, kw_only=True)
class CostModel:
    """Cost as a function of the channels that stay."""

    _layers: tuple[tuple[str, str, bool, tuple[_Weight, ...]], ...]

    def cost(self, mask: NDArray[np.bool_]) -> ModelCost:
        """The cost with the channels of `mask`, True by representative."""
        return ModelCost(layers=tuple(_layer_cost(*layer, mask) for layer in self._layers))


def cost_model(graph: ChannelGraph) -> CostModel:
    """Prepare to cost the model of `graph`.

    Raises:
        ModelError: the model's input size is not fixed.
    """
    followed: dict[tuple[int, int], list[tuple[int, ChannelIds]]] = {}
    for weight_axis in graph.weight_axes:
        weight = (id(weight_axis.operation), weight_axis.weight)
        followed.setdefault(weight, []).append((weight_axis.axis, graph.roots[weight_axis.ids]))
    uses: dict[int, list[Call]] = {}
    for call in graph.trace.calls:
        uses.setdefault(id(call.operation), []).append(call)
    layers = []
    for calls in uses.values():
        operation = calls[0].operation
        positions = _positions(calls)
        weights = tuple(
            _Weight(
                shape=tuple(int(n) for n in variable.shape),
                followed=tuple(followed.get((id(operation), index), ())),
                positions=positions if "kernel" in variable.name else 0,
            )
            for index, variable in enumerate(getattr(operation, "weights", ()))
        )
        is_folded = kind(operation) in _FOLDED
        layers.append((str(operation.name), type(operation).__name__, is_folded, weights))
    return CostModel(_layers=tuple(layers))


def _positions(calls: Sequence[Call]) -> int:
    """How often a kernel is applied to one image, over all uses of the layer."""
    name = str(kind(calls[0].operation))
    is_transposed = name.endswith("Transpose")
    if not (is_transposed or "Conv" in name or name == "layers.Dense"):
        return 0
    total = 0
    for call in calls:
        # A transposed convolution spreads every input pixel, the others gather each output's.
        symbol = (call.inputs if is_transposed else call.outputs)[0]
        first = getattr(call.operation, "data_format", None) == "channels_first"
        spatial = symbol.shape[2:] if first else symbol.shape[1:-1]
        if None in spatial:
            message = f"the input size is not fixed: {call.name} gives {symbol.shape}"
            raise ModelError(message, hint="build the model with keras.Input((height, width, 3))")
        total += prod(n or 0 for n in spatial)
    return total


def _layer_cost(
    layer: str, what: str, is_folded: bool, weights: tuple[_Weight, ...], mask: NDArray[np.bool_]
) -> LayerCost:
    shapes = [weight.shape_with(mask) for weight in weights]
    sizes = [prod(shape) for shape in shapes]
    kernels = [i for i, weight in enumerate(weights) if weight.positions]
    held = sum(sizes[i] for i in kernels) if kernels else sum(sizes)
    channels = sum(
        max(shapes[i][-1], shapes[i][-2]) if _is_depthwise(what) else shapes[i][-1] for i in kernels
    )
    is_gone = is_folded or what in {"InputLayer", "Activation", "ReLU"}
    return LayerCost(
        layer=layer,
        what=what,
        parameters=sum(sizes),
        macs=sum(sizes[i] * weights[i].positions for i in kernels),
        int8_bytes=0 if is_gone else held + channels * _BYTES_PER_CHANNEL + _BYTES_PER_OPERATION,
    )


def _is_depthwise(what: str) -> bool:
    return what.startswith("Depthwise")


def by_layer(cost: ModelCost) -> Mapping[str, LayerCost]:
    """The layers of `cost` by name."""
    return {layer.layer: layer for layer in cost.layers}
