"""Two files of one network and what was measured of their layers, seen from any layer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edgevision.tflite.view import Operator, Tensor, TfliteModel
from edgevision.verify.layers.layer_error import LayerError


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """Both files and all measured layers: what a cause may look at beside the layer itself."""

    original: TfliteModel
    quantized: TfliteModel
    layers: Mapping[int, LayerError]
    """By float tensor."""

    @classmethod
    def of(
        cls, original: TfliteModel, quantized: TfliteModel, layers: Sequence[LayerError]
    ) -> "Network":
        """The network that `layers` were measured on."""
        return cls(
            original=original,
            quantized=quantized,
            layers={one.pair.float_tensor: one for one in layers},
        )

    def operator(self, layer: LayerError) -> Operator:
        """The layer's operation in the float file."""
        return self.original.operators[layer.pair.float_operator]

    def twin(self, layer: LayerError) -> Operator:
        """The layer's operation in the quantized file."""
        return self.quantized.operators[layer.pair.quantized_operator]

    def output(self, layer: LayerError) -> Tensor:
        """The layer's output in the quantized file."""
        return self.quantized.tensors[layer.pair.quantized_tensor]

    def readers(self, layer: LayerError) -> list[LayerError]:
        """The layers that read its output."""
        output = layer.pair.float_tensor
        return [one for one in self.layers.values() if output in self.operator(one).inputs]

    def sources(self, layer: LayerError) -> list[LayerError]:
        """The layers whose outputs it reads."""
        return [self.layers[t] for t in self.operator(layer).inputs if t in self.layers]


def step(tensor: Tensor) -> float | None:
    """Real value of one step of a tensor with one scale; None for others."""
    is_integer = tensor.dtype in {"int8", "uint8", "int16"}
    return tensor.scales[0] if is_integer and len(tensor.scales) == 1 else None


def represented(tensor: Tensor) -> float | None:
    """Real width of all its integers; None for a tensor in float."""
    one = step(tensor)
    return None if one is None else one * (65535 if tensor.dtype == "int16" else 255)
