import importlib.metadata

import ai_edge_litert.schema_py_generated as schema
import flatbuffers
import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from edgevision.errors import UsageError
from edgevision.runtime.quiet import quiet_native
from edgevision.tflite.ops.versions import LITERT, litert_versions
from edgevision.tflite.read import read_model
from edgevision.tflite.runtime_version import unknown_operators
from tests.android.tiny_model import Edges, tiny_model

PINNED = max(LITERT)


def model_of(code: int, version: int) -> bytes:
    """One operation that would fail later; whether it is known is asked first."""
    model, graph = schema.ModelT(), schema.SubGraphT()
    model.version, model.buffers, model.subgraphs = 3, [schema.BufferT()], [graph]
    entry = schema.OperatorCodeT()
    entry.builtinCode, entry.deprecatedBuiltinCode, entry.version = code, min(code, 127), version
    model.operatorCodes = [entry]
    graph.tensors = []
    for name in (b"in", b"out"):
        tensor = schema.TensorT()
        tensor.name, tensor.shape, tensor.buffer = name, np.array([1, 1], np.int32), 0
        graph.tensors.append(tensor)
    operator = schema.OperatorT()
    operator.opcodeIndex = 0
    operator.inputs, operator.outputs = np.array([0], np.int32), np.array([1], np.int32)
    graph.operators = [operator]
    graph.inputs, graph.outputs = np.array([0], np.int32), np.array([1], np.int32)
    builder = flatbuffers.Builder(256)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def is_known(code: int, version: int) -> bool:
    try:
        with quiet_native():
            Interpreter(model_content=model_of(code, version))
    except (ValueError, RuntimeError) as error:
        return "Didn't find op" not in str(error)
    return True


def test_the_table_is_what_the_pinned_litert_knows() -> None:
    if importlib.metadata.version("ai-edge-litert") != PINNED:
        pytest.skip(f"ai-edge-litert {PINNED} is not the one installed")
    codes = {name: code for name, code in vars(schema.BuiltinOperator).items() if code != "CUSTOM"}
    for name, (lowest, highest) in litert_versions(PINNED).items():
        assert is_known(codes[name], lowest), name
        assert is_known(codes[name], highest), name
        assert not is_known(codes[name], highest + 1), name


def test_a_newer_operation_is_named_with_what_is_known() -> None:
    model = read_model(tiny_model(Edges(conv_version=99)))
    assert unknown_operators(model, PINNED) == ("CONV_2D version 99 (knows 1 to 8)",)


def test_the_tiny_model_needs_nothing_new() -> None:
    assert unknown_operators(read_model(tiny_model()), PINNED) == ()


def test_an_unknown_litert_names_those_there_are() -> None:
    with pytest.raises(UsageError, match=r"LiteRT 9\.9\.9; known: 2\.3\.0"):
        unknown_operators(read_model(tiny_model()), "9.9.9")
