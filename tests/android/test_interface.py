from pathlib import Path

import numpy as np
import pytest

from edgevision.android import interface
from edgevision.android.interface import needs_int8, to_int8_interface
from edgevision.android.photos import drawn_photos
from edgevision.android.proof import prove_equal
from edgevision.errors import VerificationError
from edgevision.preprocess.pixels import to_pixels
from edgevision.runtime.session import Session
from edgevision.tflite.read import read_model
from tests.android.tiny_model import Edges, tiny_model, tiny_preprocessing
from tests.card.test_write import with_weights_outside

PIXELS = tuple(to_pixels(photo.image, tiny_preprocessing()) for photo in drawn_photos())


def test_uint8_ends_become_int8_with_the_zero_point_moved() -> None:
    before = read_model(tiny_model(Edges(input="uint8", output="uint8")))
    after = read_model(to_int8_interface(tiny_model(Edges(input="uint8", output="uint8"))))
    for old_index, new_index in (
        (before.inputs[0], after.inputs[0]),
        (before.outputs[0], after.outputs[0]),
    ):
        old, new = before.tensors[old_index], after.tensors[new_index]
        assert (old.dtype, new.dtype) == ("uint8", "int8")
        assert new.name == old.name
        assert new.scales == old.scales
        assert new.zero_points[0] == old.zero_points[0] - 128


def test_the_network_between_stays_byte_for_byte() -> None:
    before, after = read_model(tiny_model()), read_model(to_int8_interface(tiny_model()))
    edge = before.inputs[0]
    assert [t for t in after.tensors if t.index != edge] == [
        t for t in before.tensors if t.index != edge
    ]
    assert [(op.name, op.inputs, op.outputs) for op in after.operators] == [
        (op.name, op.inputs, op.outputs) for op in before.operators
    ]


def test_weights_are_aligned_as_kernels_want_them() -> None:
    content = to_int8_interface(tiny_model())
    for tensor in read_model(content).tensors:
        if tensor.data is not None and len(tensor.data) > 64:
            assert content.index(tensor.data) % 16 == 0, tensor.name


def test_answers_stay_the_same_bit_for_bit() -> None:
    before = tiny_model(Edges(input="uint8", output="uint8"))
    inputs = prove_equal(before, to_int8_interface(before), tiny_preprocessing(), PIXELS)
    assert inputs > len(PIXELS)


def test_the_proof_notices_a_changed_weight() -> None:
    before = tiny_model()
    wrong = bytearray(to_int8_interface(before))
    dense = next(t for t in read_model(bytes(wrong)).tensors if t.name == "dense")
    assert dense.data is not None
    place = wrong.index(dense.data)
    wrong[place : place + 400] = bytes(400)
    with pytest.raises(VerificationError, match="differently on input"):
        prove_equal(before, bytes(wrong), tiny_preprocessing(), PIXELS)


def test_a_change_inside_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    # The comparison looks at everything but the edges' type, zero point and name.
    monkeypatch.setattr(interface, "_described", lambda tensor, *, is_edge: (tensor, is_edge))
    with pytest.raises(VerificationError, match="changed the network inside"):
        to_int8_interface(tiny_model())


def test_an_interface_that_needs_nothing_is_left_alone() -> None:
    content = tiny_model(Edges(input="int8", output="int8"))
    assert not needs_int8(read_model(content))
    assert to_int8_interface(content) is content


def test_a_model_that_is_uint8_inside_gets_a_conversion_in_front(shared: Path) -> None:
    path = shared / "models" / "coco_ssd_mobilenet_v1_1.0_quant.tflite"
    if not path.is_file():
        pytest.skip("no uint8 model in ../shared")
    content = path.read_bytes()
    rewritten = to_int8_interface(content)
    model = read_model(rewritten)
    assert model.operators[0].name == "QUANTIZE"
    assert model.tensors[model.inputs[0]].dtype == "int8"
    image = np.random.default_rng(0).integers(0, 256, (1, 300, 300, 3), dtype=np.uint8)
    with Session(content) as old, Session(rewritten) as new:
        was = old.run(image)
        now = new.run((image.astype(np.int16) - 128).astype(np.int8))
    assert all(np.array_equal(a, b) for a, b in zip(was, now, strict=True))


def test_weights_behind_the_flatbuffer_come_along() -> None:
    content = tiny_model(Edges(input="uint8", output="uint8"))
    changed = to_int8_interface(with_weights_outside(content))
    assert changed == to_int8_interface(content)
