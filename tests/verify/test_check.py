from dataclasses import replace

import pytest

from edgevision.errors import VerificationError
from edgevision.tflite.facts import Facts, facts_of
from edgevision.tflite.read import read_model
from edgevision.verify.check import Asked, check_file, differences
from tests.tflite.models import Build, classifier, pack, unpack


def facts(build: Build) -> Facts:
    return facts_of(read_model(classifier(build)))


DEFAULT = Asked(precision="int8", input_type="uint8", output_type="float32")


def test_file_that_is_what_was_asked_for_passes() -> None:
    check_file(facts("uint8"), DEFAULT)


@pytest.mark.parametrize("build", ["float32", "dynamic", "fp16"])
def test_file_of_another_precision_exits_with_8(build: Build) -> None:
    with pytest.raises(VerificationError, match="not int8") as caught:
        check_file(facts(build), DEFAULT)
    assert caught.value.exit_code == 8


def test_every_difference_is_named() -> None:
    found = differences(
        facts("float32"), Asked(precision="dynamic", input_type="int8", output_type="uint8")
    )
    assert found == (
        "its precision is float32, not dynamic",
        "input 'image' is float32, not int8",
        "output 'scores' is float32, not uint8",
    )


def test_full_integer_allows_no_conversion() -> None:
    found = differences(facts("uint8"), Asked(precision="int8", full_integer=True))
    assert found == ("not integer throughout: DEQUANTIZE scores",)


def test_open_batch_is_a_difference() -> None:
    model = unpack(classifier("uint8"))
    model.subgraphs[0].tensors[0].shapeSignature = [-1, 32, 32, 3]
    found = differences(facts_of(read_model(pack(model))), DEFAULT)
    assert found == ("1 tensors have no fixed shape",)


def with_float_dense() -> Facts:
    """The default build, its dense layer in floating point."""
    whole = facts("uint8")
    operators = tuple(
        replace(op, arithmetic="float") if op.name == "FULLY_CONNECTED" else op
        for op in whole.operators
    )
    return replace(whole, operators=operators, precision="mixed")


def test_layer_left_in_float_is_named() -> None:
    found = differences(with_float_dense(), DEFAULT)
    assert found == (
        "its precision is mixed, not int8",
        "in floating point: FULLY_CONNECTED dense",
    )


def test_layer_left_in_float_on_purpose_passes() -> None:
    kept = frozenset({"net/dense/MatMul"})
    check_file(with_float_dense(), replace(DEFAULT, kept_float=kept))


def test_flex_operation_needs_permission() -> None:
    flexed = replace(facts("uint8"), custom=("FlexErf",))
    assert differences(flexed, DEFAULT) == ("needs the TensorFlow delegate for FlexErf",)
    assert differences(flexed, replace(DEFAULT, allow_flex=True)) == ()
