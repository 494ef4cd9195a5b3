"""What the graph and the functions of a SavedModel may do, checked before TensorFlow loads them.

Loading runs initializers, and tracing runs the rest; so every operation is looked at, wherever it
is.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from edgevision.errors import ModelError
from edgevision.keras_model.operations import COMPUTING, KEEPING_STATE, OF_SAVERS

_INITIALIZERS = ("saved_model_main_op", "legacy_init_op", "table_initializer")
"""Collections of a TensorFlow-1 graph whose operations run at loading."""


def refuse_reaching_out(path: Path) -> None:
    """Raise unless the SavedModel in the folder `path` only computes.

    Raises:
        ModelError: it is damaged, or an operation in it is not known to only compute.
    """
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

    saved = SavedModel()
    try:
        saved.ParseFromString((path / "saved_model.pb").read_bytes())
    except Exception as error:  # protobuf's DecodeError, which has no type stubs, or OSError
        message = f"{path / 'saved_model.pb'} is damaged: {error}"
        raise ModelError(message, hint="save it again: model.export('folder')") from error
    # As TensorFlow decides it: one graph with objects is of TensorFlow 2.
    is_2 = len(saved.meta_graphs) == 1 and saved.meta_graphs[0].HasField("object_graph_def")
    for graph in saved.meta_graphs:
        functions = {
            function.signature.name: list(function.node_def)
            for function in graph.graph_def.library.function
        }
        _check_operations(path, graph.graph_def.node, functions)
        for body in functions.values():
            _check_operations(path, body, functions)
        if is_2:
            roots = graph.object_graph_def.concrete_functions
            _check_savers(path, _reached(roots, functions))
        else:
            _check_savers_1(path, graph, functions)


def _check_operations(path: Path, nodes: Iterable[Any], functions: Mapping[str, list[Any]]) -> None:
    from tensorflow.python.framework import op_def_registry

    for node in nodes:
        if node.op in COMPUTING or node.op in KEEPING_STATE or node.op in OF_SAVERS:
            continue
        # A function called by its name; one named as an operation would not be called.
        if node.op in functions and op_def_registry.get(node.op) is None:
            continue
        raise _reaches_out(path, node)


def _check_savers(path: Path, nodes: Iterable[Any]) -> None:
    for node in nodes:
        if node.op in OF_SAVERS:
            raise _reaches_out(path, node)


def _check_savers_1(path: Path, graph: Any, functions: Mapping[str, list[Any]]) -> None:
    """Raise when a TensorFlow-1 graph saves, or restores from what it is not told to at loading."""
    run = [
        output.name
        for signature in graph.signature_def.values()
        for output in signature.outputs.values()
    ]
    for name in _INITIALIZERS:
        if name in graph.collection_def:
            run.extend(graph.collection_def[name].node_list.value)
    nodes = {node.name: node for node in graph.graph_def.node}
    _check_savers(path, _with_bodies(_ancestors(run, nodes), functions))
    saver = graph.saver_def
    file_name = _node_name(saver.filename_tensor_name)
    restoring = [
        node
        for node in _ancestors([saver.restore_op_name], nodes)
        if not (node.op == "RestoreV2" and _node_name(node.input[0]) == file_name)
    ]
    _check_savers(path, _with_bodies(restoring, functions))


def _ancestors(names: Iterable[str], nodes: Mapping[str, Any]) -> Iterator[Any]:
    """The nodes that compute the tensors `names`, and all that those need."""
    waiting, seen = [_node_name(name) for name in names], set()
    while waiting:
        name = waiting.pop()
        if name in seen or name not in nodes:
            continue
        seen.add(name)
        yield nodes[name]
        waiting.extend(_node_name(given) for given in nodes[name].input)


def _with_bodies(nodes: Iterable[Any], functions: Mapping[str, list[Any]]) -> Iterator[Any]:
    """The nodes, and those of the functions that they call."""
    for node in nodes:
        yield node
        yield from _reached(_called(node), functions)


def _reached(names: Iterable[str], functions: Mapping[str, list[Any]]) -> Iterator[Any]:
    """The nodes of the functions `names` and of those that they call."""
    waiting, seen = list(names), set()
    while waiting:
        name = waiting.pop()
        if name in seen or name not in functions:
            continue
        seen.add(name)
        for node in functions[name]:
            yield node
            waiting.extend(_called(node))


def _called(node: Any) -> Iterator[str]:
    yield node.op
    for value in node.attr.values():
        yield value.func.name
        yield from (function.name for function in value.list.func)


def _node_name(tensor: str) -> str:
    """The node in "^name", "name:0" or "name"."""
    return tensor.removeprefix("^").partition(":")[0]


def _reaches_out(path: Path, node: Any) -> ModelError:
    message = f"{path}: operation {node.name!r} ({node.op}) is not known to only compute"
    hint = "files, Python and the network are out of a model's reach: export it without that"
    return ModelError(message, hint=hint)
