"""Refusing configurations that would run code of the file's own.

Keras guards `.keras` files itself (safe_mode). Its Keras-2 successor `tf_keras` does not guard
`.h5` files, and imports any module that a `.keras` file names; so the check is made here, on the
text, for every loader.

Source: CVE-2024-3660, CVE-2025-1550 and CVE-2025-9905 describe the attacks.
"""

from collections.abc import Collection
from typing import Any

from edgevision.errors import ModelError
from edgevision.keras_model.config_tree import objects

_OWN_MODULES = ("keras", "tf_keras", "tensorflow.keras")

_HARMLESS_SYMBOLS = ("math.", "nn.", "image.", "linalg.", "__operators__.", "keras.activations.")
"""Parts of TensorFlow that only compute; `io.`, `raw_ops.`, `py_function`... can do more."""

_HARMLESS_FUNCTIONS = frozenset(
    """
    abs add argmax argmin broadcast_to cast clip_by_value concat cos divide equal exp
    expand_dims fill floor gather greater greater_equal identity less less_equal maximum
    minimum multiply negative not_equal one_hot ones_like pad pow range rank realdiv
    reduce_max reduce_mean reduce_min reduce_prod reduce_sum reshape reverse round sigmoid
    sign sin slice space_to_depth split sqrt square squeeze stack strided_slice subtract tanh
    tensordot tile transpose truediv unstack where zeros_like shape compat.v1.shape
    compat.v1.transpose
    """.split()  # noqa: SIM905 - readable as one line a word is not
)


def refuse_unsafe(config: dict[str, Any], *, custom_objects: Collection[str]) -> None:
    """Raise when loading `config` could run code that the user did not name.

    Args:
        config: the model's configuration, as JSON gave it.
        custom_objects: names of the classes and functions the user vouched for.

    Raises:
        ModelError: a Lambda layer, or an object from a module that is not Keras's own.
    """
    for node in objects(config):
        kind = str(node.get("class_name"))
        own = node.get("config")
        name = own.get("name") if isinstance(own, dict) else None
        if kind in {"Lambda", "__lambda__"}:
            what = f"layer {name!r} is a Lambda" if name else "it holds a Python lambda"
            message = f"{what}: Python code inside the model file, which is never run"
            raise ModelError(
                message,
                hint="write it as a Layer subclass, save again, and name it with"
                " --custom-objects module:Name",
            )
        if kind == "TFOpLambda" and isinstance(own, dict):
            _check_symbol(str(own.get("function", "")), name)
        _check_module(node, custom_objects)


def _check_symbol(symbol: str, layer: object) -> None:
    if symbol in _HARMLESS_FUNCTIONS or symbol.startswith(_HARMLESS_SYMBOLS):
        return
    message = f"layer {layer!r} calls tf.{symbol}, which is not known to only compute"
    raise ModelError(message, hint="write it as a Layer subclass with keras.ops and save again")


def _check_module(node: dict[str, Any], custom_objects: Collection[str]) -> None:
    module = node.get("module")
    if not isinstance(module, str) or node.get("class_name") is None:
        return
    if module.split(".")[0] in {"keras", "tf_keras"} or module.startswith(_OWN_MODULES[2]):
        return
    name = str(node["class_name"])
    if module == "builtins":
        # Keras writes plain functions (an activation) so, with their name as the config.
        if name in {"function", "tuple", "list", "dict", "set", "slice", "ellipsis"}:
            return
    elif module in {"tensorflow", "numpy"} and name in {"TensorShape", "DType", "ndarray"}:
        return
    own = node.get("config")
    registered = str(node.get("registered_name", "")).rpartition(">")[2]
    vouched = {name, registered, own if isinstance(own, str) else name}
    if vouched & set(custom_objects):
        return
    message = f"the model needs {name!r} of module {module!r}, which is not part of Keras"
    raise ModelError(message, hint=f"name it: --custom-objects {module}:{name}")
