import numpy as np
import pytest

from edgevision.errors import ModelError
from edgevision.runtime.session import Session
from edgevision.tflite.extract import with_outputs
from edgevision.tflite.parse import parse
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
