import numpy as np
import pytest

from edgevision.errors import ModelError
from edgevision.quantize.assign import affine
from edgevision.quantize.assign.integer_plan import IntegerPlan
from edgevision.quantize.lower.integer_graph import lower
from edgevision.runtime.session import Session
from edgevision.tflite import ops
from edgevision.tflite.extract import cut, with_outputs
from edgevision.tflite.graph import Operator
from edgevision.tflite.parse import parse
from edgevision.tflite.read import read_model
from edgevision.tflite.schema import ALIGNMENT
from edgevision.tflite.serialize import serialize
from tests.quantize.builder import run, small_cnn


def test_a_written_graph_reads_back_and_answers_the_same() -> None:
    graph = small_cnn()
    content = serialize(graph)
    again = parse(content)
    assert [op.name for op in again.operators] == [op.name for op in graph.operators]
    image = np.random.default_rng(0).random((1, 12, 12, 3), np.float32)
    np.testing.assert_array_equal(run(graph, image)[0], run(serialize(again), image)[0])


def test_unused_tensors_are_left_out() -> None:
    graph = small_cnn()
    graph.add_constant("unused", np.zeros(100000, np.float32))
    assert len(serialize(graph)) < 20000


def test_buffers_are_aligned_for_vector_loads() -> None:
    graph = small_cnn()
    content = serialize(graph)
    for op in graph.operators:
        for index in op.inputs:
            data = graph.constant(index)
            if data is not None and data.nbytes >= 64:
                assert content.find(data.tobytes()) % ALIGNMENT == 0


def test_activations_become_outputs() -> None:
    graph = small_cnn()
    inner = graph.operators[2].outputs[0]
    with Session(with_outputs(graph, [inner])) as session:
        assert [spec.name for spec in session.outputs] == [graph.tensors[inner].name]


@pytest.mark.parametrize("keep", [0, 3, 7, 40, 200, 1500])
def test_truncated_files_are_model_errors(keep: int) -> None:
    content = serialize(small_cnn())
    with pytest.raises(ModelError):
        parse(content[:keep])


def test_operators_of_a_file_have_their_places_as_ids_and_new_ones_others() -> None:
    graph = parse(serialize(small_cnn()))
    assert [op.id for op in graph.operators] == [
        op.index for op in read_model(serialize(graph)).operators
    ]
    made = [Operator(name=ops.ABS, inputs=[0], outputs=[1]) for _ in range(2)]
    assert len({op.id for op in (*graph.operators, *made)}) == len(graph.operators) + 2


def test_an_id_survives_edits_and_copies_and_goes_with_its_operator() -> None:
    graph = parse(serialize(small_cnn()))
    third = graph.operators[2]
    edited = graph.copy()
    del edited.operators[0]
    assert edited.operator(third.id).outputs == third.outputs
    with pytest.raises(KeyError):
        edited.operator(graph.operators[0].id)


def test_lowering_keeps_ids() -> None:
    graph = small_cnn()
    every = frozenset(range(len(graph.operators)))
    scales = {
        t: affine.activation_scales(-1.0, 1.0)
        for t in range(len(graph.tensors))
        if graph.is_float(t) and graph.constant(t) is None
    }
    lowered = lower(graph, IntegerPlan(scales=scales, integer=every))
    made = [op.id for op in lowered.operators]
    wanted = [op.id for op in graph.operators]
    assert [one for one in made if one in wanted] == wanted
    assert len(set(made)) == len(made)


def test_a_cut_of_what_is_gone_is_refused() -> None:
    with pytest.raises(KeyError):
        cut(small_cnn(), {10**9})


def test_operators_cut_together_stay_wired() -> None:
    graph = parse(serialize(small_cnn()))
    two = cut(graph, {0, 1})
    assert two.operators == (0, 1)
    assert two.inputs == tuple(graph.inputs)
    assert two.outputs == tuple(graph.operators[1].outputs)
    image = np.random.default_rng(0).random((1, 12, 12, 3), np.float32)
    (expected,) = run(with_outputs(graph, two.outputs), image)
    np.testing.assert_array_equal(run(two.content, image)[0], expected)
