"""From the names inside a `.tflite` back to the Keras layers that made them; needs no TensorFlow.

The converter names a tensor after every TensorFlow operation it fused into the one that writes it,
such as "model/relu/Relu6;model/bn/batchnorm/add_1;model/conv/convolution". `convert` makes each
Keras layer a scope of exactly its own name, so the layer can be read off the path.
"""

from collections.abc import Collection

_WITH_WEIGHTS = ("convolution", "depthwise", "MatMul", "conv2d_transpose", "einsum")


def layer_of(tensor_name: str, layers: Collection[str]) -> str | None:
    """The one layer to name for the operation that writes `tensor_name`, or None.

    Of a convolution with its normalization and activation it is the convolution, the layer that
    has the weights; otherwise the first one named.
    """
    parts = tensor_name.split(";")
    weighted = [part for part in parts if _operation(part).startswith(_WITH_WEIGHTS)]
    for part in (*weighted, *parts):
        if layer := _deepest(part, layers):
            return layer
    return None


def _operation(part: str) -> str:
    return part.rpartition("/")[2]


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
