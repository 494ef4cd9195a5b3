from pathlib import Path

import pytest

from edgevision.tflite.facts import facts_of
from edgevision.tflite.read import read_model
from edgevision.tflite.runtime_version import runtime_need
from tests.tflite.models import (
    CLASSES,
    FILTERS,
    MULTIPLY_ADDS,
    PARAMETERS,
    Graph,
    classifier,
    pack,
    unpack,
)


@pytest.mark.parametrize(
    ("build", "precision"),
    [("float32", "float32"), ("uint8", "int8"), ("dynamic", "dynamic"), ("fp16", "fp16")],
)
def test_precision_is_recognised(build: str, precision: str) -> None:
    facts = facts_of(read_model(classifier(build)))  # type: ignore[arg-type]
    assert facts.precision == precision
    assert (facts.multiply_adds, facts.parameters) == (MULTIPLY_ADDS, PARAMETERS)


def test_cost_is_counted_by_hand_for_each_operation(uint8_model: bytes) -> None:
    facts = facts_of(read_model(uint8_model))
    by_name = {operator.name: operator for operator in facts.operators}
    convolution, dense = by_name["CONV_2D"], by_name["FULLY_CONNECTED"]
    assert convolution.multiply_adds == 16 * 16 * FILTERS * 27
    assert convolution.parameters == FILTERS * 27 + FILTERS
    assert dense.multiply_adds == FILTERS * CLASSES
    assert dense.parameters == FILTERS * CLASSES + CLASSES
    assert by_name["MEAN"].multiply_adds == by_name["MEAN"].parameters == 0


def test_default_build_is_integer_between_its_ends(uint8_model: bytes) -> None:
    facts = facts_of(read_model(uint8_model))
    assert (facts.inputs[0].dtype, facts.outputs[0].dtype) == ("uint8", "float32")
    assert facts.integer_ops == len(facts.computing) == 5
    assert facts.integer_multiply_adds == facts.multiply_adds
    assert facts.float_islands == ()
    assert [op.name for op in facts.operators if op.arithmetic == "conversion"] == ["DEQUANTIZE"]


def test_layers_are_named_from_fused_tensor_names(float_model: bytes) -> None:
    facts = facts_of(read_model(float_model))
    assert [operator.layer for operator in facts.operators] == ["conv", "pool", "dense", ""]


def island_model() -> bytes:
    """int8 -> DEQUANTIZE -> LOGISTIC -> MUL -> QUANTIZE -> int8 ABS."""
    graph = Graph()
    start = graph.tensor("start", (1, 4), "int8", [0.1], 0)
    real = graph.operator("DEQUANTIZE", [start], graph.tensor("real", (1, 4), "float32"))
    gate = graph.operator("LOGISTIC", [real], graph.tensor("gate", (1, 4), "float32"))
    swish = graph.operator("MUL", [real, gate], graph.tensor("swish", (1, 4), "float32"))
    back = graph.operator("QUANTIZE", [swish], graph.tensor("back", (1, 4), "int8", [0.1], 0))
    end = graph.operator("ABS", [back], graph.tensor("end", (1, 4), "int8", [0.1], 0))
    return graph.finish([start], [end])


def test_float_operations_amid_integers_are_one_island() -> None:
    facts = facts_of(read_model(island_model()))
    assert [[facts.operators[i].name for i in island] for island in facts.float_islands] == [
        ["LOGISTIC", "MUL"]
    ]
    assert facts.precision == "mixed"


def test_float_file_has_no_islands(float_model: bytes) -> None:
    assert facts_of(read_model(float_model)).float_islands == ()


def test_open_batch_is_a_dynamic_shape(float_model: bytes) -> None:
    model = unpack(float_model)
    model.subgraphs[0].tensors[0].shapeSignature = [-1, 32, 32, 3]
    facts = facts_of(read_model(pack(model)))
    assert (facts.is_static, facts.dynamic_shapes) == (False, ("image",))


def test_newest_operation_decides_the_runtime(uint8_model: bytes) -> None:
    model = unpack(uint8_model)
    next(c for c in model.operatorCodes if c.builtinCode == 9).version = 12
    need = runtime_need(read_model(pack(model)))
    assert (need.version, need.because) == ("2.17", "FULLY_CONNECTED version 12")


def test_operation_newer_than_our_table_is_named(uint8_model: bytes) -> None:
    model = unpack(uint8_model)
    model.operatorCodes[1].version = 99
    assert runtime_need(read_model(pack(model))).unknown == ("CONV_2D version 99",)


def test_stranger_of_the_uint8_age_is_described(shared: Path) -> None:
    path = shared / "models" / "coco_ssd_mobilenet_v1_1.0_quant.tflite"
    facts = facts_of(read_model(path))
    assert facts.precision == "uint8"
    assert facts.custom == ("TFLite_Detection_PostProcess",)
    assert facts.flex == ()
    assert facts.inputs[0].scale == 0.0078125


def test_cost_of_resnet8_is_what_its_layers_add_up_to(shared: Path) -> None:
    path = shared / "models" / "mlperf_resnet8_cifar10_int8_ref.tflite"
    # (output side, kernel side, channels in, channels out) of its convolutions.
    convolutions = [
        *((32, 3, 3, 16), (32, 3, 16, 16), (32, 3, 16, 16)),
        *((16, 3, 16, 32), (16, 3, 32, 32), (16, 1, 16, 32)),
        *((8, 3, 32, 64), (8, 3, 64, 64), (8, 1, 32, 64)),
    ]
    facts = facts_of(read_model(path))
    assert facts.precision == "int8"
    assert facts.multiply_adds == 640 + sum(s * s * k * k * i * o for s, k, i, o in convolutions)
    assert facts.parameters == 650 + sum(k * k * i * o + o for _, k, i, o in convolutions)
