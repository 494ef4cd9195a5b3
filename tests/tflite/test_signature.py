"""A signature is written in front of the file, and read with bounds."""

from dataclasses import replace

import pytest

from edgevision.card.write import remove_card
from edgevision.errors import ModelError
from edgevision.tflite.envelope.signature import Signature, read_signatures, write_signature
from edgevision.tflite.read import read_model
from edgevision.tflite.serialize import serialize
from tests.quantize.builder import Builder


def small() -> bytes:
    b = Builder((1, 4, 4, 3))
    return serialize(b.finish(b.mean(b.graph.inputs[0])))


def signed(content: bytes) -> tuple[bytes, Signature]:
    model = read_model(content)
    signature = Signature(inputs=(("image", model.inputs[0]),), outputs=(("é", model.outputs[0]),))
    return write_signature(content, signature), signature


def test_what_was_written_is_read_and_the_rest_stays() -> None:
    content = small()
    written, signature = signed(content)
    assert read_signatures(content) == ()
    assert read_signatures(written) == (signature,)
    assert content in written
    before, after = read_model(content), read_model(written)
    assert (after.tensors, after.inputs, after.outputs) == (
        before.tensors,
        before.inputs,
        before.outputs,
    )


def test_a_second_signature_takes_the_place_of_the_first() -> None:
    written, signature = signed(small())
    renamed = replace(signature, key="classify")
    assert read_signatures(write_signature(written, renamed)) == (renamed,)


def test_a_signature_is_no_card_and_stays_when_that_is_taken_out() -> None:
    written, _ = signed(small())
    assert remove_card(written) == written


def test_a_tensor_that_is_not_there_is_refused() -> None:
    written = write_signature(small(), Signature(inputs=(), outputs=(("scores", 999),)))
    with pytest.raises(ModelError, match="names tensor 999 of"):
        read_signatures(written)
