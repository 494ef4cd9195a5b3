"""Refusing configurations that would run code of the file's own.

Keras guards `.keras` files itself (safe_mode). Its Keras-2 successor `tf_keras` does not guard
`.h5` files, and imports any module that a `.keras` file names; so the check is made here, on the
text, for every loader.

Source: CVE-2024-3660, CVE-2025-1550 and CVE-2025-9905 describe the attacks.
"""

import re
from collections.abc import Collection
from typing import Any

from edgevision.errors import ModelError
from edgevision.keras_model import symbols
from edgevision.keras_model.config_tree import objects
from edgevision.keras_model.operations import COMPUTING

_OWN_MODULES = ("keras", "tf_keras", "tensorflow.keras")

_CALLING: dict[str, tuple[tuple[str, ...], frozenset[str]]] = {
    "TFOpLambda": (("function",), symbols.FUNCTIONS | symbols.SLICINGS),
    "SlicingOpLambda": (("function",), symbols.SLICINGS),
    "ClassMethod": (("cls_symbol", "method_name"), symbols.CLASS_METHODS),
    "InstanceProperty": (("attr_name",), symbols.PROPERTIES),
    "InstanceMethod": (("attr_name",), symbols.METHODS),
    "TensorFlowOpLayer": (("node_def",), COMPUTING),
}
"""Keras 2's nodes that call what they name: what names it, and the names that may be called."""


def refuse_unsafe(config: dict[str, Any], *, custom_objects: Collection[str]) -> None:
    """Raise when loading `config` could run code that the user did not name.

    Args:
        config: the model's configuration, as JSON gave it.
        custom_objects: names of the classes and functions the user vouched for.

    Raises:
        ModelError: a Lambda layer, a call of a TensorFlow function that is not known to only
            compute, or an object from a module that is not Keras's own.
    """
    for node in objects(config):
        kinds = _kinds(node)
        own = node.get("config")
        name = own.get("name") if isinstance(own, dict) else None
        if kinds & {"Lambda", "__lambda__"}:
            what = f"layer {name!r} is a Lambda" if name else "it holds a Python lambda"
            message = f"{what}: Python code inside the model file, which is never run"
            raise ModelError(
                message,
                hint="write it as a Layer subclass, save again, and name it with"
                " --custom-objects module:Name",
            )
        for kind in kinds & _CALLING.keys():
            _check_call(kind, own if isinstance(own, dict) else {})
        _check_module(node, custom_objects)


def _kinds(node: dict[str, Any]) -> set[str]:
    """The classes that the object may become.

    In module "keras", "layers.Lambda" is Lambda as well; and what a module lacks under its class
    name, tf_keras looks for under its registered name.
    """
    names = (str(node.get("class_name")), str(node.get("registered_name")))
    return {re.split(r"[.>]", name)[-1] for name in names}


def _check_call(kind: str, config: dict[str, Any]) -> None:
    """Raise unless the node calls what is known to only compute."""
    words, allowed = _CALLING[kind]
    called = ".".join(str(config.get(word)) for word in words)
    if kind == "TensorFlowOpLayer":
        # Written as an object since TensorFlow 2.2; the older bytes could hold anything.
        node_def = config.get("node_def")
        called = (
            str(node_def.get("op")) if isinstance(node_def, dict) else "an unreadable operation"
        )
    if called in allowed:
        return
    layer = config.get("name")
    message = f"layer {layer!r} ({kind}) calls tf.{called}, which is not known to only compute"
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
