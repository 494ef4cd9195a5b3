"""From a frozen graph to the bytes of a `.tflite`, and what those bytes are."""

from collections.abc import Collection, Sequence
from typing import Any, Literal

from edgevision.artifact.model import Operator, TfliteModel, read_model
from edgevision.convert.layers import layer_of
from edgevision.convert.trace import Graph
from edgevision.errors import ModelError

Activation = Literal["softmax", "sigmoid", "logits"]
"""What makes the model's answers: probabilities of one class, of each class, or neither."""

_PASSES_ON = {"RESHAPE", "SQUEEZE", "EXPAND_DIMS", "CAST", "DEQUANTIZE"}


def to_tflite(graph: Graph, *, layers: Collection[str], allow_flex: bool) -> bytes:
    """Convert, with built-in operations only unless `allow_flex`.

    Raises:
        ModelError: an operation has no built-in counterpart; names the layers that need it.
    """
    from tensorflow.lite.python.convert import OpsSet

    if allow_flex:
        return _convert(graph, [OpsSet.TFLITE_BUILTINS, OpsSet.SELECT_TF_OPS])
    try:
        return _convert(graph, [OpsSet.TFLITE_BUILTINS])
    except Exception as error:
        # Convert again with TensorFlow's operations allowed: the file then shows which they are
        # and, by their names, where they come from. The error's text is for compiler engineers.
        flexible = read_model(_convert(graph, [OpsSet.TFLITE_BUILTINS, OpsSet.SELECT_TF_OPS]))
        found = flex_operations(flexible, layers)
        if not found:
            raise
        message = f"TFLite has no built-in operation for {'; '.join(found)}"
        raise ModelError(
            message,
            hint="replace that layer by one made of convolutions, pooling and arithmetic, or"
            " accept a runtime with TensorFlow's operations: --allow-flex",
        ) from error


def flex_operations(model: TfliteModel, layers: Collection[str]) -> tuple[str, ...]:
    """Operations of `model` that need TensorFlow at run time: "Erf of layer 'gelu'", ..."""
    found = []
    for operator in model.operators:
        if operator.is_custom and operator.name.startswith("Flex"):
            tensor = model.tensors[operator.outputs[0]].name if operator.outputs else ""
            layer = layer_of(tensor, layers)
            where = f"of layer {layer!r}" if layer else f"({tensor})"
            found.append(f"{operator.name.removeprefix('Flex')} {where}")
    return tuple(dict.fromkeys(found))


def activation_of(model: TfliteModel) -> Activation:
    """What the first output went through last."""
    writers: dict[int, Operator] = {
        tensor: operator for operator in model.operators for tensor in operator.outputs
    }
    tensor = model.outputs[0]
    while (operator := writers.get(tensor)) is not None:
        if operator.name == "SOFTMAX":
            return "softmax"
        if operator.name == "LOGISTIC":
            return "sigmoid"
        if operator.name not in _PASSES_ON:
            return "logits"
        tensor = operator.inputs[0]
    return "logits"


def open_sides(model: TfliteModel) -> tuple[str, ...]:
    """Names of tensors whose shape is only known at run time."""
    return tuple(tensor.name for tensor in model.tensors if -1 in tensor.shape_signature)


def _convert(graph: Graph, operations: Sequence[Any]) -> bytes:
    from tensorflow.lite.python.convert import convert_graphdef

    converted = convert_graphdef(
        input_data=graph.definition,
        input_tensors=graph.inputs,
        output_tensors=graph.outputs,
        target_ops=set(operations),
    )
    return bytes(converted)
