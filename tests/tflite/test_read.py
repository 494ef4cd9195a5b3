from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgevision.errors import ModelError
from edgevision.runtime.loader import PROBE
from edgevision.runtime.session import Session
from edgevision.tflite.read import read_model

PROBE_BYTES = PROBE.read_bytes()


def test_facts_of_the_probe_model_are_what_the_runtime_says() -> None:
    model = read_model(PROBE)
    with Session(PROBE) as session:
        assert model.inputs == (session.inputs[0].index,)
        assert model.outputs == (session.outputs[0].index,)
        assert model.tensors[model.inputs[0]].shape == session.inputs[0].shape
    assert [operator.name for operator in model.operators] == ["ADD"]
    assert model.size_bytes == PROBE.stat().st_size
    assert "min_runtime_version" in model.metadata


def test_constant_tensor_has_its_content() -> None:
    model = read_model(PROBE)
    constants = [tensor for tensor in model.tensors if tensor.is_constant]
    assert [tensor.size_bytes for tensor in constants] == [4]
    assert constants[0].data == b"\0\0\x80\x3f"


def test_int8_reference_model_has_scales_and_integer_types(shared: Path) -> None:
    model = read_model(shared / "models" / "mlperf_resnet8_cifar10_int8_ref.tflite")
    given_input = model.tensors[model.inputs[0]]
    assert given_input.dtype == "int8"
    assert len(given_input.scales) == 1
    weights = model.tensors[model.operators[0].inputs[1]]
    assert len(weights.scales) == weights.shape[weights.axis] == 16


@pytest.mark.parametrize("content", [b"", b"TFL3", b"\x08\0\0\0TFL3", b"not a model at all"])
def test_short_and_foreign_files_are_model_errors(content: bytes) -> None:
    with pytest.raises(ModelError):
        read_model(content)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="gone.tflite"):
        read_model(tmp_path / "gone.tflite")


@settings(max_examples=300)
@given(st.data())
def test_damaged_files_give_facts_or_a_model_error_and_nothing_else(data: st.DataObject) -> None:
    content = bytearray(PROBE_BYTES)
    for _ in range(data.draw(st.integers(1, 4))):
        position = data.draw(st.integers(8, len(content) - 1))
        content[position] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(8, len(content)))
    try:
        model = read_model(bytes(content[:cut]))
    except ModelError:
        return
    assert model.size_bytes == cut
