"""What a `.tflite` and its card tell a task: its outputs, what makes them, and what they mean."""

from collections.abc import Mapping
from types import MappingProxyType

from edgevision.card.card import Card
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.tasks.interface import Activation, Maker, ModelInterface, OutputInterface
from edgevision.tasks.spec import TaskSpec
from edgevision.tflite import ops
from edgevision.tflite.view import Operator, TfliteModel

_LOOK_THROUGH = 8
_MOVES = {ops.RESHAPE, ops.SQUEEZE, ops.EXPAND_DIMS, ops.CAST} | ops.CONVERSIONS
_FUSED_ACTIVATION = {ops.CONV_2D: 3, ops.FULLY_CONNECTED: 0}
"""Operator -> slot of its fused activation. Source: tensorflow/compiler/mlir/lite/schema."""

_MAKERS: Mapping[str, Maker] = MappingProxyType(
    {
        ops.SOFTMAX: "softmax",
        ops.LOGISTIC: "sigmoid",
        "TFLite_Detection_PostProcess": "detection-postprocess",
    }
)
_DETECTION_SHAPES = ((1, -1, 4), (1, -1), (1, -1), (1,))
"""Of its boxes, classes, scores and count, which files leave out: known once it has run."""


def model_interface(
    model: TfliteModel, preprocessing: ImagePreprocessing | None = None
) -> ModelInterface:
    """The outputs of the file's main graph, each with the operator that it comes from."""
    makers = {index: operator for operator in model.operators for index in operator.outputs}
    outputs = []
    for index in model.outputs:
        tensor, maker = model.tensors[index], _maker(index, makers)
        shape = tensor.shape
        if maker == "detection-postprocess" and not shape:
            at = makers[index].outputs.index(index)
            shape = _DETECTION_SHAPES[at] if at < len(_DETECTION_SHAPES) else ()
        outputs.append(
            OutputInterface(name=tensor.name, shape=shape, dtype=tensor.dtype, maker=maker)
        )
    return ModelInterface(outputs=tuple(outputs), preprocessing=preprocessing)


def spec_of_card(card: Card | None) -> TaskSpec | None:
    """The task that the card declares; None when it declares none."""
    if card is None:
        return None
    shape = card.outputs[0].shape
    # Every network used to be stamped "classification": of one raw number without a name for what
    # it decides between, that says nothing.
    is_number = not shape or set(shape) <= {1, -1}
    activations: tuple[Activation, ...] = ()
    if card.kind == "classification" and is_number:
        if not card.labels and card.activation == "logits":
            return None
        # Nor can it be a softmax, a card's default.
        activations = () if card.activation == "softmax" else (card.activation,)
    elif card.kind == "classification":
        activations = (card.activation,)
    return TaskSpec(kind=card.kind, labels=card.labels, activations=activations)


def _maker(index: int, makers: dict[int, Operator]) -> Maker:
    for _ in range(_LOOK_THROUGH):
        operator = makers.get(index)
        if operator is None or operator.name not in _MOVES:
            break
        index = operator.inputs[0] if operator.inputs else -1
    else:
        return "other"
    if operator is None:
        return "other"
    if operator.name in _FUSED_ACTIVATION:
        slot, options = _FUSED_ACTIVATION[operator.name], operator.options
        return "linear" if options is None or options.integer(slot, "int8") == 0 else "other"
    return _MAKERS.get(operator.name, "other")
