"""Keras-2 configurations rewritten so that Keras 3 takes them, and everything made float32.

All are edits of the configuration; the weights stay as they are. What Keras 3 would take but
compute differently must not get that far: `needs_keras_2` sends it to `tf_keras`.
"""

from typing import Any

from edgevision.keras_model.config_tree import objects

_CONVOLUTIONS = {
    "DepthwiseConv1D",
    "DepthwiseConv2D",
    "SeparableConv1D",
    "SeparableConv2D",
    "Conv1DTranspose",
    "Conv2DTranspose",
    "Conv3DTranspose",
}
"""Keras 2 wrote `groups` for these; Keras 3 does not know it, and 1 is the only value possible."""

_HALF = {"float16", "bfloat16", "mixed_float16", "mixed_bfloat16"}

_KERAS_2_ONLY = {
    "TFOpLambda": "TensorFlow functions called on layers",
    "SlicingOpLambda": "slices of layers",
    "ClassMethod": "methods called on layers",
    "InstanceMethod": "methods called on layers",
    "InstanceProperty": "properties of layers",
    "LocallyConnected1D": "a layer that Keras 3 dropped",
    "LocallyConnected2D": "a layer that Keras 3 dropped",
    "ThresholdedReLU": "a layer that Keras 3 dropped",
    "RandomCrop": "Keras 3 does not crop at inference",
    "RandomHeight": "a layer that Keras 3 dropped",
    "RandomWidth": "a layer that Keras 3 dropped",
    "MultiHeadAttention": "weights that Keras 3 orders differently",
}


def needs_keras_2(config: dict[str, Any]) -> str:
    """Why a Keras-2 `config` must be loaded by `tf_keras`; "" when Keras 3 computes the same."""
    for node in objects(config):
        if reason := _KERAS_2_ONLY.get(str(node.get("class_name"))):
            return f"{node['class_name']}: {reason}"
        # Keras 2: clip(0.2 x + 0.5); Keras 3: relu6(x + 3) / 6, under the same name.
        if "hard_sigmoid" in node.values():
            return "hard_sigmoid: Keras 3 computes another function under that name"
    return ""


def modernize(config: dict[str, Any], *, keras_2: bool) -> bool:
    """Edit `config` in place as this module says; returns whether anything changed."""
    changed = False
    for node in objects(config):
        changed |= _make_float32(node)
        own = node.get("config")
        if keras_2 and isinstance(own, dict):
            changed |= _drop_what_keras_3_lacks(str(node.get("class_name")), own)
    return changed


def _drop_what_keras_3_lacks(kind: str, own: dict[str, Any]) -> bool:
    before = len(own)
    if kind in _CONVOLUTIONS and own.get("groups") == 1:
        del own["groups"]
    if kind.startswith("Random"):
        own.pop("rng_type", None)
    if kind.startswith("SpatialDropout"):
        own.pop("noise_shape", None)
        own.pop("trainable", None)
    if kind.startswith("SeparableConv"):
        # Keras 2 wrote the parent class's settings beside those of its two kernels.
        for unused in ("kernel_initializer", "kernel_regularizer", "kernel_constraint"):
            own.pop(unused, None)
    return len(own) != before


def _make_float32(node: dict[str, Any]) -> bool:
    """Replace a half-precision `dtype`: mixed precision serves training, here float32 is wanted."""
    dtype = node.get("dtype")
    if isinstance(dtype, dict) and isinstance(dtype.get("config"), dict):
        dtype = dtype["config"].get("name")
    if not isinstance(dtype, str) or dtype not in _HALF:
        return False
    node["dtype"] = "float32"
    return True
