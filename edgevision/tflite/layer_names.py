"""From the tensor names in a file back to the Keras layers its operations were made of.

The converter names a tensor after everything it fused into the operation, joined with ";":
"functional_1/conv1_relu_1/Relu6;functional_1/bn_1/batchnorm/add_1;functional_1/conv1_1/convolution1".
`convert` knows the model's layers and makes each a scope of exactly its own name (`layer_of`); of a
stranger's file the layers are guessed (`layer_names`).
"""

import re
from collections.abc import Collection, Mapping
from types import MappingProxyType

from edgevision.tflite import ops
from edgevision.tflite.view import Operator, TfliteModel

_ENDINGS: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        # The last part of a fused name may carry a number that keeps names unique.
        ops.CONV_2D: re.compile(r"/(convolution|Conv2D|separable_conv2d)\d*$"),
        ops.DEPTHWISE_CONV_2D: re.compile(r"/(depthwise|separable_conv2d)\d*$"),
        ops.FULLY_CONNECTED: re.compile(r"/(MatMul|Tensordot)\d*$"),
        ops.TRANSPOSE_CONV: re.compile(r"/(conv2d_transpose|conv_transpose)\d*$"),
    }
)
"""Operation -> what the part of a fused name ends in that names the layer holding the weights."""

_HAS_WEIGHTS = re.compile(r"/(convolution|depthwise|MatMul|conv2d_transpose|einsum)[^/]*$")

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


def layer_of(tensor_name: str, layers: Collection[str]) -> str | None:
    """The one layer to name for the operation that writes `tensor_name`, or None.

    Of a convolution with its normalization and activation it is the convolution, the layer that
    has the weights; otherwise the first one named.

    Args:
        tensor_name: As the file has it.
        layers: The model's layer names; a layer inside a nested model is "inner/conv".

    Example:
        >>> layer_of("model/conv1_relu/Relu6;model/conv1/convolution", ("conv1", "conv1_relu"))
        'conv1'
    """
    parts = tensor_name.split(";")
    weighted = [part for part in parts if _HAS_WEIGHTS.search(part)]
    for part in (*weighted, *parts):
        if layer := _deepest(part, layers):
            return layer
    return None


def _deepest(part: str, layers: Collection[str]) -> str | None:
    """The longest layer path in `part`; the later one when two are equally long."""
    steps = part.split("/")
    best: tuple[int, int, str] | None = None
    for start in range(len(steps)):
        for end in range(start + 1, len(steps) + 1):
            path = "/".join(steps[start:end])
            if path in layers and (best is None or (end - start, end) > best[:2]):
                best = (end - start, end, path)
    return best[2] if best else None
