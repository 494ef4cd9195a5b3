"""How much work and how many weights each operation has, counted from the shapes in the file."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from types import MappingProxyType

from edgevision.tflite.view import Operator, Tensor, TfliteModel


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorCost:
    """What one run of an operation, with batch 1, takes."""

    multiply_adds: int
    """Products summed in convolutions and matrix products; element-wise work counts as 0."""
    parameters: int
    """Weights and biases the file stores for it; the first user of a shared weight has it."""


def costs_of(model: TfliteModel) -> tuple[OperatorCost, ...]:
    """The cost of each operation, in the model's order."""
    stored_behind = _weights_behind_conversions(model)
    counted: set[int] = set()
    costs = []
    for operator in model.operators:
        parameters = 0
        for index in operator.inputs:
            source = stored_behind.get(index, index)
            if index < 0 or source in counted or not _is_weight(model.tensors[source]):
                continue
            if operator.name == "DEQUANTIZE":
                # Belongs to whoever uses the float tensor it makes.
                continue
            counted.add(source)
            parameters += model.tensors[source].elements
        costs.append(
            OperatorCost(multiply_adds=multiply_adds(operator, model), parameters=parameters)
        )
    return tuple(costs)


def multiply_adds(operator: Operator, model: TfliteModel) -> int:
    """Multiply-adds of one operation; 0 when it has none or its shapes are not in the file."""
    count = _COUNTS.get(operator.name)
    if count is None or not operator.outputs:
        return 0
    tensors = [model.tensors[index] if index >= 0 else None for index in operator.inputs]
    return max(0, count(tensors, model.tensors[operator.outputs[0]]))


def _weights_behind_conversions(model: TfliteModel) -> dict[int, int]:
    """Float tensor -> the stored tensor it is converted from (float16 or integer weights)."""
    return {
        operator.outputs[0]: operator.inputs[0]
        for operator in model.operators
        if operator.name == "DEQUANTIZE"
        and len(operator.inputs) == len(operator.outputs) == 1
        and operator.inputs[0] >= 0
        and model.tensors[operator.inputs[0]].is_constant
    }


def _is_weight(tensor: Tensor) -> bool:
    # Shapes, axes and paddings are stored as plain integers; quantized biases carry scales.
    return tensor.is_constant and (
        tensor.dtype.startswith(("float", "bfloat")) or bool(tensor.scales)
    )


def _side(tensor: Tensor | None, axis: int) -> int:
    return tensor.shape[axis] if tensor is not None and axis < len(tensor.shape) else 0


def _input(tensors: list[Tensor | None], index: int) -> Tensor | None:
    return tensors[index] if index < len(tensors) else None


def _convolution(tensors: list[Tensor | None], output: Tensor) -> int:
    # Filters are (out, height, width, in per group): every output element sums one of them.
    weights = _input(tensors, 1)
    return output.elements * prod(weights.shape[1:]) if weights is not None else 0


def _depthwise(tensors: list[Tensor | None], output: Tensor) -> int:
    # Filters are (1, height, width, out).
    weights = _input(tensors, 1)
    return output.elements * _side(weights, 1) * _side(weights, 2)


def _fully_connected(tensors: list[Tensor | None], output: Tensor) -> int:
    # Weights are (out, in).
    return output.elements * _side(_input(tensors, 1), 1)


def _transposed(tensors: list[Tensor | None], _output: Tensor) -> int:
    # Inputs are (output shape, filters (out, height, width, in), values): every input element
    # goes into one filter's worth of each output channel.
    weights, values = _input(tensors, 1), _input(tensors, 2)
    if weights is None or values is None:
        return 0
    return values.elements * prod(weights.shape[:3])


def _batch_matmul(tensors: list[Tensor | None], output: Tensor) -> int:
    # (..., m, k) x (..., k, n), either side possibly stored transposed: m is the output's.
    left = _input(tensors, 0)
    if left is None or len(left.shape) < 2 or len(output.shape) < 2:
        return 0
    rows = output.shape[-2]
    inner = prod(left.shape[-2:]) // rows if rows else 0
    return output.elements * inner


def _convolution_3d(tensors: list[Tensor | None], output: Tensor) -> int:
    # Filters are (depth, height, width, in, out).
    weights = _input(tensors, 1)
    return output.elements * prod(weights.shape[:4]) if weights is not None else 0


_COUNTS: Mapping[str, Callable[[list[Tensor | None], Tensor], int]] = MappingProxyType(
    {
        "CONV_2D": _convolution,
        "DEPTHWISE_CONV_2D": _depthwise,
        "FULLY_CONNECTED": _fully_connected,
        "TRANSPOSE_CONV": _transposed,
        "BATCH_MATMUL": _batch_matmul,
        "CONV_3D": _convolution_3d,
    }
)
