"""From a frozen graph to the bytes of a `.tflite`, and what those bytes are."""

import re
from collections.abc import Collection, Sequence
from typing import Any

from edgevision.convert.trace import FrozenGraph
from edgevision.errors import ModelError, VerificationError
from edgevision.tflite.envelope.signature import Signature, write_signature
from edgevision.tflite.layer_names import layer_of
from edgevision.tflite.read import read_model
from edgevision.tflite.serialize import aligned
from edgevision.tflite.view import TfliteModel

_PLACE = re.compile(r'loc\((?:callsite\()*(?:fused\[)?"(\w+):", "([^"]+)"')
"""An operation and its path in the compiler's messages: loc(fused["Erfinv:", "model/layer/..."])"""

_REPLACE = (
    "replace that layer by one made of convolutions, pooling and arithmetic, or accept a runtime"
    " with TensorFlow's operations: --allow-flex"
)


def to_tflite(graph: FrozenGraph, *, layers: Collection[str], allow_flex: bool) -> bytes:
    """Convert, with built-in operations only unless `allow_flex`, and with the graph's signature.

    Raises:
        ModelError: an operation has no built-in counterpart; names the layers that need it.
        VerificationError: the converter made other inputs or outputs than the graph has.
    """
    from tensorflow.lite.python.convert import OpsSet

    operations = [OpsSet.TFLITE_BUILTINS]
    if allow_flex:
        operations.append(OpsSet.SELECT_TF_OPS)
    try:
        content = aligned(_convert(graph, operations))
    except Exception as error:
        found = _unsupported(graph, str(error), layers)
        if not found:
            raise
        message = f"TFLite has no built-in operation for {'; '.join(found)}"
        raise ModelError(message, hint=_REPLACE) from error
    return _with_signature(content, graph)


def _with_signature(content: bytes, graph: FrozenGraph) -> bytes:
    """`content`, which the converter gives tensor names only, with the model's own names."""
    model = read_model(content)
    # Inputs keep their names in the graph, and may be in another order.
    tensors = {model.tensors[index].name.partition(":")[0]: index for index in model.inputs}
    asked = [tensor.name.partition(":")[0] for tensor in graph.inputs]
    if tensors.keys() != set(asked) or len(model.outputs) != len(graph.outputs):
        message = (
            f"the .tflite has the inputs {', '.join(tensors)} and {len(model.outputs)} outputs,"
            f" the model {', '.join(asked)} and {len(graph.outputs)}"
        )
        raise VerificationError(message, hint="please report it, with the model if you can")
    signature = Signature(
        key=graph.signature,
        inputs=tuple(
            (name, tensors[tensor]) for name, tensor in zip(graph.input_names, asked, strict=True)
        ),
        outputs=tuple(zip(graph.output_names, model.outputs, strict=True)),
    )
    return write_signature(content, signature)


def _unsupported(graph: FrozenGraph, error: str, layers: Collection[str]) -> tuple[str, ...]:
    """What stopped the conversion: "MatrixInverse of layer 'whiten'", ...

    Converting again with TensorFlow's operations allowed gives a file that shows which they are
    and, by their names, where they come from. What not even TensorFlow's runtime has is named in
    the error's text, with the place it came from.
    """
    from tensorflow.lite.python.convert import OpsSet

    try:
        flexible = _convert(graph, [OpsSet.TFLITE_BUILTINS, OpsSet.SELECT_TF_OPS])
    except Exception as second:  # noqa: BLE001 - the compiler's; its text is what we came for
        places = _PLACE.findall(f"{error}\n{second}")
        return tuple(dict.fromkeys(_where(kind, path, layers) for kind, path in places))
    return flex_operations(read_model(flexible), layers)


def flex_operations(model: TfliteModel, layers: Collection[str]) -> tuple[str, ...]:
    """Operations of `model` that need TensorFlow at run time: "Erf of layer 'gelu'", ..."""
    found = []
    for operator in model.operators:
        if operator.is_custom and operator.name.startswith("Flex"):
            tensor = model.tensors[operator.outputs[0]].name if operator.outputs else ""
            found.append(_where(operator.name.removeprefix("Flex"), tensor, layers))
    return tuple(dict.fromkeys(found))


def _where(kind: str, tensor: str, layers: Collection[str]) -> str:
    layer = layer_of(tensor, layers)
    return f"{kind} of layer {layer!r}" if layer else f"{kind} ({tensor})"


def open_sides(model: TfliteModel) -> tuple[str, ...]:
    """Names of tensors whose shape is only known at run time."""
    return tuple(tensor.name for tensor in model.tensors if -1 in tensor.shape_signature)


def _convert(graph: FrozenGraph, operations: Sequence[Any]) -> bytes:
    from tensorflow.lite.python.convert import convert_graphdef

    converted = convert_graphdef(
        input_data=graph.definition,
        input_tensors=graph.inputs,
        output_tensors=graph.outputs,
        target_ops=set(operations),
    )
    return bytes(converted)
