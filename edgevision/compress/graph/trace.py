"""Symbolic trace of a Keras model: a flat list of calls in the order they can be made.

Keras keeps the graph of a functional or Sequential model as nodes on its operations, and a model
used as a layer hides another graph inside. Here nested models are entered, so the rest of the
package sees one list and never a model within a model.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import keras

from edgevision.errors import ModelError

Structure: TypeAlias = Any
"""Symbolic tensors in the nesting of lists, tuples and dicts that the model's caller sees."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SymbolicTensor:
    """One tensor between calls; compared by identity."""

    shape: tuple[int | None, ...]
    """With the batch first, which is usually None."""

    dtype: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Call:
    """One use of an operation (a layer, or a `keras.ops` function)."""

    operation: Any
    args: tuple[Any, ...]
    """As the model passes them, with a SymbolicTensor where a tensor goes."""

    kwargs: dict[str, Any]
    inputs: tuple[SymbolicTensor, ...]
    """The symbolic tensors among `args` and `kwargs`, in order."""

    outputs: tuple[SymbolicTensor, ...]

    @property
    def name(self) -> str:
        """The operation's name."""
        return str(self.operation.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """A model as the calls that it makes."""

    name: str
    inputs: Structure
    outputs: Structure
    calls: tuple[Call, ...]

    @property
    def input_symbols(self) -> list[SymbolicTensor]:
        """The inputs without their nesting."""
        return list(keras.tree.flatten(self.inputs))

    @property
    def output_symbols(self) -> list[SymbolicTensor]:
        """The outputs without their nesting."""
        return list(keras.tree.flatten(self.outputs))


def trace(model: Any) -> Trace:
    """The calls of a functional or Sequential Keras 3 model.

    Raises:
        ModelError: the model keeps no graph of what it calls (a subclassed one), or holds no
            input shape yet.
    """
    graph = _graph_of(model)
    inputs = keras.tree.map_structure(_symbol, graph._inputs_struct)  # noqa: SLF001 - nowhere public
    calls: list[Call] = []
    outputs = _enter(graph, keras.tree.flatten(inputs), {}, calls)
    return Trace(name=str(model.name), inputs=inputs, outputs=outputs, calls=tuple(calls))


def _graph_of(model: Any) -> Any:
    if isinstance(model, keras.Sequential):
        if not model.built or not model.inputs:
            message = f"the Sequential model {model.name} has no input shape yet"
            raise ModelError(message, hint="start it with keras.Input(shape) and save it again")
        return model._functional  # noqa: SLF001 - the graph behind a Sequential has no other name
    if not hasattr(model, "_nodes_by_depth"):
        message = f"{model.name} is a {type(model).__name__}, which keeps no graph of its calls"
        raise ModelError(
            message, hint="channels can be removed from functional and Sequential models"
        )
    return model


def _symbol(tensor: Any) -> SymbolicTensor:
    return SymbolicTensor(shape=tuple(tensor.shape), dtype=str(tensor.dtype), name=str(tensor.name))


def _enter(
    graph: Any, inputs: list[SymbolicTensor], fixed: dict[str, Any], calls: list[Call]
) -> Structure:
    """Append the calls of `graph` fed by `inputs`; return its outputs in their nesting.

    `fixed` holds the `training` argument given to the model as a whole: Keras hands it to every
    layer inside that takes one and has none of its own.
    """
    symbols = {id(tensor): symbol for tensor, symbol in zip(graph.inputs, inputs, strict=True)}
    # A nested model may be called on another size than the one it was built with.
    same_size = all(
        tuple(tensor.shape) == symbol.shape
        for tensor, symbol in zip(graph.inputs, inputs, strict=True)
    )
    for node in _nodes(graph):
        args, kwargs = node.arguments.fill_in(symbols)
        operation = node.operation
        if _is_model(operation):
            own_training = (
                {"training": kwargs["training"]} if kwargs.get("training") is not None else fixed
            )
            fed = [
                leaf
                for leaf in keras.tree.flatten((args, kwargs))
                if isinstance(leaf, SymbolicTensor)
            ]
            results = _enter(_graph_of(operation), fed, own_training, calls)
            outputs = keras.tree.flatten(results)
        else:
            if getattr(operation, "_call_has_training_arg", False) and fixed:
                kwargs = {**fixed, **{k: v for k, v in kwargs.items() if v is not None}}
            call = _call(node, args, kwargs, same_size=same_size)
            calls.append(call)
            outputs = list(call.outputs)
        symbols.update(
            (id(tensor), symbol) for tensor, symbol in zip(node.outputs, outputs, strict=True)
        )
    return keras.tree.map_structure(lambda tensor: symbols[id(tensor)], graph._outputs_struct)  # noqa: SLF001


def _nodes(graph: Any) -> Iterator[Any]:
    by_depth = graph._nodes_by_depth  # noqa: SLF001 - Keras lists its calls nowhere public
    for depth in sorted(by_depth, reverse=True):
        yield from (node for node in by_depth[depth] if node.operation and not node.is_input)


def _is_model(operation: Any) -> bool:
    # A subclassed model used as a layer keeps its weights to itself: it is one unknown call.
    return isinstance(operation, keras.Sequential) or hasattr(operation, "_nodes_by_depth")


def _call(node: Any, args: Any, kwargs: Any, *, same_size: bool) -> Call:
    inputs = tuple(
        leaf for leaf in keras.tree.flatten((args, kwargs)) if isinstance(leaf, SymbolicTensor)
    )
    tensors = node.outputs
    if not same_size:
        spec_args, spec_kwargs = keras.tree.map_structure(
            lambda leaf: (
                keras.KerasTensor(leaf.shape, leaf.dtype)
                if isinstance(leaf, SymbolicTensor)
                else leaf
            ),
            (args, kwargs),
        )
        tensors = keras.tree.flatten(node.operation.compute_output_spec(*spec_args, **spec_kwargs))
    return Call(
        operation=node.operation,
        args=tuple(args),
        kwargs=dict(kwargs),
        inputs=inputs,
        outputs=tuple(_symbol(tensor) for tensor in tensors),
    )
