"""From a model in memory to a TensorFlow graph with the weights in it as constants.

Keras 3 lets a call run with given values in place of the variables, so the constants are there
from the start. The textbook way (`from_keras_model`) writes a SavedModel, reads it back, inlines
and freezes it: on MobileNetV2 that takes five times as long (docs/convert.md).
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from edgevision.convert.loaded import Loaded


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenGraph:
    """A graph ready for the converter."""

    definition: Any
    """A GraphDef."""
    inputs: tuple[Any, ...]
    outputs: tuple[Any, ...]
    input_names: tuple[str, ...]
    """As the signature is to have them, in the order of `inputs`."""
    output_names: tuple[str, ...]
    signature: str
    """Its key."""
    run: Callable[[Sequence[NDArray[Any]]], list[NDArray[Any]]]
    """TensorFlow's own answer for one array per input, to compare the result with."""


def trace(loaded: Loaded) -> FrozenGraph:
    """The graph of `loaded` at inference, batch 1."""
    import tensorflow as tf

    outputs: list[Any] = []
    names: list[str] = []
    # Fetched now: inside a graph a variable has no value.
    values = [(variable, variable.numpy()) for variable in loaded.variables]

    def call(*tensors: Any) -> list[Any]:
        outputs.clear()
        with _constants(values), _exact_scopes(tf), _scopes_for_operations(loaded, tf):
            named = loaded.call(tensors)
        names[:] = [output.name for output in named]
        for output in named:
            # Under its layer's scope: the name shows in the `.tflite`, and leads to the layer.
            with tf.name_scope(f"{_scope(output.layer)}/"):
                outputs.append(tf.identity(output.tensor, name="output"))
        return list(outputs)

    signature = [
        tf.TensorSpec(spec.shape, spec.dtype, name=_scope(spec.name)) for spec in loaded.inputs
    ]
    function = tf.function(call, input_signature=signature, autograph=False)
    concrete = function.get_concrete_function()
    # The graph has its own copy now; large networks need the room for the conversion.
    values.clear()

    def run(arrays: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
        answers = concrete(*(tf.constant(array) for array in arrays))
        return [answer.numpy() for answer in answers]

    # Captured are what no one knew to be variables, such as a layer's own tf.Variable.
    frozen = concrete if not concrete.graph.captures else _with_constants(concrete)
    return FrozenGraph(
        definition=frozen.graph.as_graph_def(),
        inputs=tuple(frozen.inputs),
        outputs=tuple(frozen.outputs) if frozen is not concrete else tuple(outputs),
        input_names=tuple(spec.name for spec in loaded.inputs),
        output_names=tuple(names),
        signature=loaded.signature,
        run=run,
    )


def _with_constants(concrete: Any) -> Any:
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    return convert_variables_to_constants_v2(concrete, lower_control_flow=False)


@contextmanager
def _constants(values: Sequence[tuple[Any, NDArray[Any]]]) -> Iterator[None]:
    """Within, each Keras 3 variable reads as a constant of the current graph."""
    if not values:
        yield
        return
    import keras
    import tensorflow as tf

    mapping = [(variable, tf.constant(value)) for variable, value in values]
    with keras.StatelessScope(state_mapping=mapping):
        yield


@contextmanager
def _exact_scopes(tf: Any) -> Iterator[None]:
    """Within, a Keras layer's scope has the layer's name and no "_1" behind it.

    Keras enters the scope of a layer twice for every call, and TensorFlow makes a repeated scope
    unique by a number, which cannot be told from a layer that is called "conv_1". A scope name
    ending in "/" is taken as it is; operations inside still get unique names.
    """
    original = tf.name_scope

    def enter(name: str) -> Any:
        if not name or name.endswith("/"):
            return original(name)
        outer = tf.compat.v1.get_default_graph().get_name_scope()
        return original(f"{outer}/{name}/" if outer else f"{name}/")

    tf.name_scope = enter
    try:
        yield
    finally:
        tf.name_scope = original


@contextmanager
def _scopes_for_operations(loaded: Loaded, tf: Any) -> Iterator[None]:
    """Within, Keras 3 operations that are no layers (`keras.ops.inv(x)`) have a scope as well."""
    if loaded.loader != "keras":
        yield
        return
    import keras

    original = keras.Operation.__call__

    def call(operation: Any, *arguments: Any, **options: Any) -> Any:
        if isinstance(operation, keras.Layer):
            return original(operation, *arguments, **options)
        with tf.name_scope(_scope(operation.name)):
            return original(operation, *arguments, **options)

    keras.Operation.__call__ = call
    try:
        yield
    finally:
        keras.Operation.__call__ = original


def _scope(name: str) -> str:
    """`name` with what TensorFlow does not allow in names replaced."""
    allowed = "".join(c if c.isascii() and (c.isalnum() or c in "_./-") else "_" for c in name)
    return allowed.strip("/") if allowed[:1].isalnum() else f"x{allowed}"
