"""Profile, cutting and delegation, on a small network built here with real int8 and float parts."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgevision.bench.operators.delegation import Delegation, delegation_of, divide
from edgevision.bench.operators.explain import explain, outside
from edgevision.bench.operators.profile import OperationTime, Profile, profile, warnings_about_parts
from edgevision.bench.timing.case import Case
from edgevision.runtime.session import Session
from edgevision.tflite.arithmetic import arithmetic_of
from edgevision.tflite.cost import multiply_adds
from edgevision.tflite.extract import cut_each
from edgevision.tflite.parse import parse
from edgevision.tflite.read import read_model
from edgevision.tflite.view import Operator, TfliteModel
from tests.bench.known_processor import KnownProcessor
from tests.bench.networks import hard_swish_network


def test_each_operation_is_cut_out_with_its_weights_and_gives_the_same_numbers() -> None:
    content = hard_swish_network(blocks=2)
    pieces = list(cut_each(parse(content)))
    assert [read_model(piece.content).operators[0].name for piece in pieces] == [
        *("CONV_2D", "HARD_SWISH") * 2
    ]
    chance = np.random.default_rng(0)
    with Session(content, xnnpack=False, keep_all_tensors=True) as whole:
        pixels = chance.integers(-128, 128, whole.inputs[0].shape).astype(np.int8)
        whole.run(pixels)
        for piece in pieces:
            with Session(piece.content, xnnpack=False) as part:
                (found,) = part.run(*(whole.tensor(index) for index in piece.inputs))
                operator = read_model(content).operators[piece.operators[0]]
                np.testing.assert_array_equal(found, whole.tensor(operator.outputs[0]))


def test_the_delegate_leaves_int8_hard_swish_to_the_built_in_kernel() -> None:
    found = delegation_of(Case(name="n", model=hard_swish_network(blocks=2)))
    assert found is not None
    assert found.taken == (0, 2)
    assert (found.delegated, found.operations, found.partitions) == (2, 4, 2)
    assert str(found) == "2 of 4, 2 partitions"
    plain = delegation_of(Case(name="n", model=hard_swish_network(blocks=2), xnnpack=False))
    assert plain is not None
    assert (plain.taken, plain.partitions) == ((), 0)


def test_a_partition_ends_at_its_borders() -> None:
    # 0 -> [A] -> 1 -> [B] -> 2 -> [C] -> 3, with B alone delegated and a weight 9.
    entries = [
        {"op_name": "A", "inputs": [0], "outputs": [1]},
        {"op_name": "B", "inputs": [1, 9, -1], "outputs": [2]},
        {"op_name": "C", "inputs": [2], "outputs": [3]},
        {"op_name": "DELEGATE", "inputs": [1, 9], "outputs": [2]},
    ]
    assert divide(entries).taken == (1,)
    entries[-1] = {"op_name": "DELEGATE", "inputs": [0, 9], "outputs": [3]}
    assert divide(entries).taken == (0, 1, 2)
    assert divide(entries).is_full


SWISHES = Case(name="n", model=hard_swish_network(blocks=3))


def profiled(processor: KnownProcessor, case: Case = SWISHES) -> Profile:
    return profile(case, open_case=processor.open, clock_ns=processor.clock)


def two_or_five_ms(operator: Operator, _model: TfliteModel) -> float:
    return {"CONV_2D": 2.0, "HARD_SWISH": 5.0}[operator.name]


def test_the_parts_add_up_to_the_whole() -> None:
    found = profiled(KnownProcessor(two_or_five_ms))
    assert [one.name for one in found.operations] == ["CONV_2D", "HARD_SWISH"] * 3
    assert [one.time_ms for one in found.operations] == pytest.approx([2.0, 5.0] * 3)
    assert found.whole_ms == pytest.approx(21.0)
    assert found.error == pytest.approx(0)
    assert found.warnings == ()
    assert {one.delegated for one in found.operations if one.name == "HARD_SWISH"} == {False}
    assert "3 HARD_SWISH; 71% of the time" in outside(found)


def test_interruptions_are_not_taken_for_work() -> None:
    found = profiled(KnownProcessor(two_or_five_ms, interruption_ms=30.0))
    assert [one.time_ms for one in found.operations] == pytest.approx([2.0, 5.0] * 3)


def test_a_whole_that_is_more_than_its_parts_is_said() -> None:
    found = profiled(KnownProcessor(two_or_five_ms, between_ms=7.0))
    assert found.error == pytest.approx(-0.25)
    (warning,) = found.warnings
    assert "the parts are more than 15% off the whole" in warning
    assert "(3 partitions)" in warning


def test_a_real_clock_times_every_operation() -> None:
    # How well parts and whole agree here and now is for benchmarks/per_operation.py to say.
    found = profile(Case(name="n", model=hard_swish_network(blocks=3, side=48, channels=24)))
    assert [one.name for one in found.operations] == ["CONV_2D", "HARD_SWISH"] * 3
    assert all(one.time_ms is not None for one in found.operations)
    assert found.whole_ms > 0


def as_on_x86(operator: Operator, model: TfliteModel) -> float:
    """Roughly what was measured: int8 products three times as fast, int8 HARD_SWISH a crawl."""
    is_integer = str(arithmetic_of(operator, model)) == "int8"
    products = multiply_adds(operator, model) / (150e6 if is_integer else 50e6)
    if operator.name == "HARD_SWISH":
        return model.tensors[operator.outputs[0]].elements / (0.2e6 if is_integer else 4e6)
    return products


@pytest.mark.slow
def test_the_famous_pair_is_explained(tmp_path: Path) -> None:
    # int8 makes MobileNetV2 twice as fast, and MobileNetV3Small slower than its float model.
    pytest.importorskip("tensorflow")
    build = "import sys, pathlib, models; models.built_models(pathlib.Path(sys.argv[1]))"
    subprocess.run(
        [sys.executable, "-c", build, str(tmp_path)],
        cwd=Path(__file__).parents[2] / "benchmarks",
        check=True,
        capture_output=True,
    )

    def taken(name: str) -> Profile:
        case = Case(name=name, model=tmp_path / f"{name}.tflite")
        return profiled(KnownProcessor(as_on_x86), case)

    line = explain("float", taken("MobileNetV2-float"), "int8", taken("MobileNetV2-int8"))
    assert "x faster than float: CONV_2D takes" in line
    assert "2 of 67 operations fall off the delegate (1 QUANTIZE, 1 SOFTMAX" in line
    slow8 = taken("MobileNetV3Small-int8")
    line = explain("float", taken("MobileNetV3Small-float"), "int8", slow8)
    assert "x slower than float: HARD_SWISH takes" in line
    assert "19 HARD_SWISH" in line
    assert "21 partitions" in line


def one(
    name: str, ms: float, *, delegated: bool | None = True, arithmetic: str = "int8"
) -> OperationTime:
    return OperationTime(
        index=0,
        name=name,
        output="",
        shape=(1,),
        arithmetic=arithmetic,
        time_ms=ms,
        multiply_adds=0,
        delegated=delegated,
    )


def taken_apart(whole_ms: float, *operations: OperationTime, partitions: int = 1) -> Profile:
    return Profile(whole_ms=whole_ms, operations=operations, partitions=partitions, warnings=())


def test_the_reason_for_a_slower_model_is_the_kind_that_grew_most() -> None:
    before = taken_apart(2.0, one("CONV_2D", 1.8), one("HARD_SWISH", 0.2))
    after = taken_apart(
        4.0, one("CONV_2D", 0.9), one("HARD_SWISH", 3.0, delegated=False), partitions=3
    )
    line = explain("float", before, "int8", after)
    assert line.startswith("int8 is 2.0 x slower than float: HARD_SWISH takes 0.20 -> 3.00 ms")
    assert "(140% of the change)" in line
    assert "1 of 2 operations fall off the delegate (1 HARD_SWISH; 77% of the time)" in line
    assert "3 partitions" in line
    back = explain("int8", after, "float", before)
    assert back.startswith("float is 2.0 x faster than int8: HARD_SWISH takes 3.00 -> 0.20 ms")


def test_equal_models_need_no_reason() -> None:
    same = taken_apart(2.0, one("CONV_2D", 2.0))
    assert "is as fast as" in explain("a", same, "b", same)
    assert outside(same).startswith("all 1 operations run in")
    assert outside(taken_apart(1.0, one("X", 1.0, delegated=False), partitions=0)).startswith("no")


def test_parts_that_do_not_add_up_are_said_and_so_is_why() -> None:
    division = Delegation(operations=1, delegated=1, taken=(0,), partitions=1)

    def declared(whole_ms: float) -> str:
        found = taken_apart(whole_ms, one("CONV_2D", 5.0))
        return " ".join(warnings_about_parts(found, division, 0.01))

    assert declared(5.0) == ""
    assert declared(5.5) == ""
    assert "off the whole: what the runtime (1 partition) gains by running them as one" in declared(
        4.0
    )
    assert "loses between them" in declared(9.0)
    assert "costs more than running it" in declared(0.001)


def test_what_fell_back_to_float_is_named() -> None:
    mixed = taken_apart(4.0, one("CONV_2D", 3.0), one("MUL", 1.0, arithmetic="float"))
    assert outside(mixed).endswith("; 1 compute in float (MUL; 25% of the time)")
    real = taken_apart(4.0, one("CONV_2D", 4.0, arithmetic="float"))
    assert "compute in float" not in outside(real)


def test_an_operation_that_cannot_run_alone_is_named_with_the_reason() -> None:
    found = replace(
        taken_apart(5.0, one("CONV_2D", 5.0)),
        operations=(one("CONV_2D", 5.0), replace(one("CUSTOM", 0), index=7, time_ms=None)),
    )
    division = Delegation(operations=2, delegated=1, taken=(0,), partitions=1)
    (warning,) = warnings_about_parts(found, division, 0.01, {7: "no such operator: Blur"})
    assert warning == "CUSTOM could not be run alone: no such operator: Blur"
