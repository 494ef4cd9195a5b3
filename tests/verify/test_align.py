import numpy as np

from edgevision.tflite.graph import Graph
from edgevision.tflite.read import read_model
from edgevision.tflite.serialize import serialize
from edgevision.verify.layers.align import align
from tests.quantize.builder import Builder
from tests.verify.planted import files, two_branches, weights


def pairs(one: Graph, other: Graph) -> list[tuple[int, int]]:
    aligned = align(read_model(serialize(one)), read_model(serialize(other)))
    return [(pair.float_operator, pair.quantized_operator) for pair in aligned.pairs]


def chain(*operations: str, rename: str = "") -> Graph:
    b = Builder((1, 4, 4, 3))
    x = b.graph.inputs[0]
    for name in operations:
        x = (
            b.conv(x, weights(3, 1, 1, 3), None)
            if name == "CONV_2D"
            else b.op(name, [x], (1, 4, 4, 3))
        )
        if rename:
            b.graph.tensors[x].name = f"{rename}{x}"
    return b.finish(x)


def test_conversions_are_no_layers() -> None:
    original, quantized = files(two_branches("ADD", 1))
    aligned = align(original.model, quantized.model)
    assert [pair.operation for pair in aligned.pairs] == ["CONV_2D", "CONV_2D", "ADD"]
    names = [quantized.model.operators[pair.quantized_operator].name for pair in aligned.pairs]
    assert names == ["CONV_2D", "CONV_2D", "ADD"]
    assert aligned.unmatched == ()


def test_renamed_tensors_are_found_by_operation_and_order() -> None:
    one = chain("CONV_2D", "RELU", "CONV_2D", "RELU6")
    other = chain("CONV_2D", "RELU", "CONV_2D", "RELU6", rename="other")
    assert pairs(one, other) == [(0, 0), (1, 1), (2, 2), (3, 3)]


def test_inserted_operation_shifts_those_behind_it() -> None:
    one = chain("CONV_2D", "RELU6", "CONV_2D")
    other = chain("CONV_2D", "RELU", "RELU6", "CONV_2D", rename="other")
    assert pairs(one, other) == [(0, 0), (1, 2), (2, 3)]


def test_rewritten_operation_is_found_by_its_name() -> None:
    one = chain("CONV_2D", "HARD_SWISH", "CONV_2D")
    other = chain("CONV_2D", "RELU6", "CONV_2D")
    other.tensors[other.operators[1].outputs[0]].name = "hard_swish_1"
    assert pairs(one, other) == [(0, 0), (1, 1), (2, 2)]


def test_folded_operation_is_listed() -> None:
    one = chain("CONV_2D", "RELU6", "CONV_2D")
    other = chain("CONV_2D", "CONV_2D", rename="other")
    aligned = align(read_model(serialize(one)), read_model(serialize(other)))
    assert aligned.unmatched == ("relu6_1 (RELU6)",)
    assert [pair.float_operator for pair in aligned.pairs] == [0, 2]


def test_keras_layer_is_named() -> None:
    graph = chain("CONV_2D")
    graph.tensors[graph.operators[0].outputs[0]].name = "net/stem/convolution"
    model = read_model(serialize(graph))
    assert align(model, model).pairs[0].layer == "stem"
    assert np.all(
        [pair.tensor_name == "net/stem/convolution" for pair in align(model, model).pairs]
    )
