"""What a `.tflite` file states of its outputs, and what its card declares, for `resolve_task`."""

from edgevision.card.card import Card
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.tasks.interface import Maker, ModelInterface, OutputInterface
from edgevision.tasks.spec import TaskSpec
from edgevision.tflite.view import Operator, TfliteModel

_MOVERS = frozenset(
    {"DEQUANTIZE", "QUANTIZE", "RESHAPE", "SQUEEZE", "EXPAND_DIMS", "CAST", "TRANSPOSE"}
)
"""Operators that hand their first input's values on, in another shape or type."""

_FUSED_ACTIVATION = {
    "FULLY_CONNECTED": 0,
    "CONV_2D": 3,
    "TRANSPOSE_CONV": 3,
    "DEPTHWISE_CONV_2D": 4,
}
"""Linear operators, and the slot of their options in which an activation may be fused.

Source: tensorflow/lite/schema/schema.fbs, the order of the fields of each options table.
"""


def model_interface_of(
    model: TfliteModel, preprocessing: ImagePreprocessing | None = None
) -> ModelInterface:
    """The outputs of `model` with the operators that make them; `preprocessing` as given."""
    makers = {index: operator for operator in model.operators for index in operator.outputs}
    return ModelInterface(
        outputs=tuple(
            OutputInterface(
                name=model.tensors[index].name,
                shape=model.tensors[index].shape,
                dtype=model.tensors[index].dtype,
                maker=_maker(makers, index),
            )
            for index in model.outputs
        ),
        preprocessing=preprocessing,
    )


def _maker(makers: dict[int, Operator], index: int) -> Maker:
    # A stranger's file may go in circles: each operator is passed once at most.
    for _step in range(len(makers)):
        operator = makers.get(index)
        if operator is None:
            break
        if operator.name not in _MOVERS or not operator.inputs:
            return _named(operator)
        index = operator.inputs[0]
    return "other"


def _named(operator: Operator) -> Maker:
    if operator.name == "SOFTMAX":
        return "softmax"
    if operator.name == "LOGISTIC":
        return "sigmoid"
    if operator.name == "TFLite_Detection_PostProcess":
        return "detection-postprocess"
    slot = _FUSED_ACTIVATION.get(operator.name)
    if slot is not None and (
        operator.options is None or not operator.options.integer(slot, "int8")
    ):
        return "linear"
    return "other"


def declared_by(card: Card | None) -> TaskSpec | None:
    """What `card` declares of the outputs; None without a card, or when it does not say.

    A card without class names says nothing: every network was stamped "classification" once.
    Activations are not taken from it either, because it says "logits" of whatever is no softmax
    or sigmoid; the file tells what can be known.
    """
    if card is None or not (card.labels or card.kind == "detection"):
        return None
    return TaskSpec(kind=card.kind, labels=card.labels)
