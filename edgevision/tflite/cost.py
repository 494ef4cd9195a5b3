"""How much work and how many weights each operation has, counted from the shapes in the file."""

from dataclasses import dataclass

from edgevision.tflite import ops
from edgevision.tflite.ops.kinds import kind_of
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
            if operator.name == ops.DEQUANTIZE:
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
    work = kind_of(operator.name).multiply_adds
    if work is None or not operator.outputs:
        return 0
    shapes = [model.tensors[index].shape if index >= 0 else None for index in operator.inputs]
    return max(0, work(shapes, model.tensors[operator.outputs[0]].shape))


def _weights_behind_conversions(model: TfliteModel) -> dict[int, int]:
    """Float tensor -> the stored tensor it is converted from (float16 or integer weights)."""
    return {
        operator.outputs[0]: operator.inputs[0]
        for operator in model.operators
        if operator.name == ops.DEQUANTIZE
        and len(operator.inputs) == len(operator.outputs) == 1
        and operator.inputs[0] >= 0
        and model.tensors[operator.inputs[0]].is_constant
    }


def _is_weight(tensor: Tensor) -> bool:
    # Shapes, axes and paddings are stored as plain integers; quantized biases carry scales.
    return tensor.is_constant and (
        tensor.dtype.startswith(("float", "bfloat")) or bool(tensor.scales)
    )
