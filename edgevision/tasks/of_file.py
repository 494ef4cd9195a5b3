"""What a `.tflite` file states of its outputs, as tasks are told it: shapes, and who makes them."""

from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.tasks.interface import Maker, ModelInterface, OutputInterface
from edgevision.tflite import ops
from edgevision.tflite.view import Operator, TfliteModel


def interface_of_file(
    model: TfliteModel, preprocessing: ImagePreprocessing | None = None
) -> ModelInterface:
    """The outputs of `model`, in the file's order, with their names and what makes each of them."""
    producers = {at: operator for operator in model.operators for at in operator.outputs}
    outputs = []
    for at, name in zip(model.outputs, model.output_names, strict=True):
        tensor, maker = model.tensors[at], _maker(at, producers, model)
        shape = tensor.shape
        if maker == "detection-postprocess" and not shape:
            place = producers[at].outputs.index(at) if at in producers else -1
            shape = _DETECTION_SHAPES[place] if 0 <= place < len(_DETECTION_SHAPES) else ()
        outputs.append(OutputInterface(name=name, shape=shape, dtype=tensor.dtype, maker=maker))
    return ModelInterface(outputs=tuple(outputs), preprocessing=preprocessing)


_MAKERS: dict[str, Maker] = {
    ops.SOFTMAX: "softmax",
    ops.LOGISTIC: "sigmoid",
    "TFLite_Detection_PostProcess": "detection-postprocess",
}
_DETECTION_SHAPES = ((1, -1, 4), (1, -1), (1, -1), (1,))
"""Of boxes, classes, scores and count, which files leave out: known once the operator has run."""

_FUSED_ACTIVATION_SLOT = {
    ops.CONV_2D: 3,
    ops.DEPTHWISE_CONV_2D: 4,
    ops.FULLY_CONNECTED: 0,
    ops.TRANSPOSE_CONV: 3,
}
"""Linear operators, and the field of their options that may fuse an activation into them.

Source: tensorflow/compiler/mlir/lite/schema/schema.fbs
"""
_LINEAR_MOVES = {ops.MEAN, ops.AVERAGE_POOL_2D, ops.SLICE, ops.STRIDED_SLICE}
"""Logits stay logits in these; probabilities need not sum to 1 behind them."""


def _maker(tensor: int, producers: dict[int, Operator], model: TfliteModel) -> Maker:
    is_part = False
    # At most one step an operator: a damaged file may lead round in a circle.
    for _step in range(len(model.operators)):
        operator = producers.get(tensor)
        if operator is None:
            return "other"
        if operator.name in _FUSED_ACTIVATION_SLOT:
            return "other" if _has_fused_activation(operator) else "linear"
        if operator.name in _MAKERS and not is_part:
            return _MAKERS[operator.name]
        is_part = is_part or operator.name in _LINEAR_MOVES
        if operator.name not in ops.MOVES | _LINEAR_MOVES or not operator.inputs:
            return "other"
        tensor = operator.inputs[0]
    return "other"


def _has_fused_activation(operator: Operator) -> bool:
    if operator.options is None:
        return False
    return operator.options.integer(_FUSED_ACTIVATION_SLOT[operator.name], "int8") != 0
