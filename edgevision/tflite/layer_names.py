"""From the tensor names in a file back to the Keras layers its operations were made of.

The converter names a tensor after everything it fused into the operation, joined with ";":
"functional_1/conv1_relu_1/Relu6;functional_1/bn_1/batchnorm/add_1;functional_1/conv1_1/convolution1".
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

from edgevision.tflite.view import Operator, TfliteModel

_ENDINGS: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        # The last part of a fused name may carry a number that keeps names unique.
        "CONV_2D": re.compile(r"/(convolution|Conv2D|separable_conv2d)\d*$"),
        "DEPTHWISE_CONV_2D": re.compile(r"/(depthwise|separable_conv2d)\d*$"),
        "FULLY_CONNECTED": re.compile(r"/(MatMul|Tensordot)\d*$"),
        "TRANSPOSE_CONV": re.compile(r"/(conv2d_transpose|conv_transpose)\d*$"),
    }
)
"""Operation -> what the part of a fused name ends in that names the layer holding the weights."""

_SECOND_TIME = re.compile(r"_1$")


def layer_names(model: TfliteModel) -> tuple[str, ...]:
    """For each operation the Keras layer it was made of, as well as its name tells; "" if not.

    Keras 3 names every layer's scope twice when it exports ("conv1" becomes "conv1_1"); when all
    of them carry that ending, it is taken off.
    """
    names = [_layer(operator, model) for operator in model.operators]
    named = [name for name in names if name]
    if named and all(_SECOND_TIME.search(name) for name in named):
        names = [_SECOND_TIME.sub("", name) for name in names]
    return tuple(names)


def _layer(operator: Operator, model: TfliteModel) -> str:
    if not operator.outputs:
        return ""
    parts = model.tensors[operator.outputs[0]].name.split(";")
    ending = _ENDINGS.get(operator.name)
    fitting = [part for part in parts if ending and ending.search(part)] or parts[:1]
    scopes = fitting[0].split("/")
    return scopes[-2] if len(scopes) > 1 else ""
