import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from edgevision.api.inspect import formula
from edgevision.card.card import Figure, Figures
from edgevision.card.write import write_card
from edgevision.cli import console
from edgevision.cli.commands.inspect import inspect
from edgevision.cli.show.lines import short_count, shown
from edgevision.errors import ModelError
from edgevision.tflite.envelope.metadata import wrap
from edgevision.tflite.envelope.signature import Signature, write_signature
from edgevision.tflite.read import read_model
from tests.card.conftest import CardOf, card_of, float_model, uint8_model
from tests.tflite.models import pack, unpack

__all__ = ["card_of", "float_model", "uint8_model"]


@pytest.fixture(autouse=True)
def settings() -> Iterator[None]:
    before = console.settings.quiet
    yield
    console.settings.quiet = before


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "small.tflite"


def test_our_file_is_shown_with_its_card(
    path: Path, uint8_model: bytes, card_of: CardOf, capsys: pytest.CaptureFixture[str]
) -> None:
    path.write_bytes(write_card(uint8_model, card_of(uint8_model)))
    inspect(path)
    out = capsys.readouterr().out
    assert "int8, static shapes" in out
    assert "real = 0.00784313772 * (stored - 128)" in out
    assert "5 of 5 operations in integers, 100.0 % of the multiply-adds" in out
    assert "5: ant, bee, cat, ..." in out
    assert "CONV_2D" in out


@pytest.mark.parametrize("operators", [False, True])
def test_everything_fits_eighty_columns(
    path: Path,
    uint8_model: bytes,
    card_of: CardOf,
    capsys: pytest.CaptureFixture[str],
    operators: bool,
) -> None:
    model = unpack(write_card(uint8_model, card_of(uint8_model)))
    for tensor in model.subgraphs[0].tensors:
        tensor.name = tensor.name + b"/very_long_name" * 20
    path.write_bytes(pack(model))
    inspect(path, operators=operators)
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80


def test_document_has_the_exact_numbers(
    path: Path, uint8_model: bytes, card_of: CardOf, capsys: pytest.CaptureFixture[str]
) -> None:
    path.write_bytes(write_card(uint8_model, card_of(uint8_model)))
    inspect(path, as_json=True)
    document = json.loads(capsys.readouterr().out)
    assert document["inputs"][0]["formula"] == "real = 0.00784313772 * (stored - 128)"
    assert document["outputs"][0]["formula"] is None
    assert document["integer"] == {"operators": 5, "of_operators": 5, "multiply_adds": 55336}
    assert document["card"]["labels"] == ["ant", "bee", "cat", "dog", "emu"]
    assert (document["card_origin"], document["card_differences"]) == ("embedded", [])
    assert len(document["operators"]) == 6


def test_damaged_card_leaves_the_facts(
    path: Path, float_model: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    path.write_bytes(wrap(float_model, {"EDGEVISION_CARD": b"{"}))
    inspect(path, as_json=True)
    captured = capsys.readouterr()
    assert json.loads(captured.out)["precision"] == "float32"
    assert "the model card cannot be read" in captured.err


def test_names_cannot_drive_the_terminal(
    path: Path, float_model: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    model = unpack(float_model)
    model.subgraphs[0].tensors[0].name = "\x1b[2J\x9b31m[red]boo"
    path.write_bytes(pack(model))
    inspect(path, operators=True)
    out = capsys.readouterr().out
    assert "?[2J?31m[red]boo" in out
    assert not {"\x1b", "\x9b"} & set(out)


def test_names_are_no_markup_either(
    path: Path, float_model: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    model = unpack(float_model)
    model.operatorCodes[0].builtinCode = 32
    model.operatorCodes[0].deprecatedBuiltinCode = 32
    model.operatorCodes[0].customCode = "[/bold] [red]Mine"
    path.write_bytes(pack(model))
    inspect(path)
    assert capsys.readouterr().out.count("[/bold] [red]Mine") == 2


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 a .keras file", b"\x10\0\0\0TFL3"])
def test_what_is_no_model_exits_with_5(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(ModelError) as caught:
        inspect(path)
    assert caught.value.exit_code == 5


def test_file_the_runtime_refuses_is_shown(
    path: Path, float_model: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    model = unpack(float_model)
    model.operatorCodes[0].version = 99
    path.write_bytes(pack(model))
    inspect(path)
    out = " ".join(capsys.readouterr().out.split())
    assert "not in our table: CONV_2D version 99" in out


def test_stranger_of_the_uint8_age_is_shown(
    shared: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    inspect(shared / "models" / "coco_ssd_mobilenet_v1_1.0_quant.tflite")
    out = capsys.readouterr().out
    assert "real = 0.0078125 * (stored - 128)" in out
    assert "TFLite_Detection_PostProcess" in out
    assert max(map(len, out.splitlines())) <= 80


def test_zero_point_below_zero_is_added(uint8_model: bytes) -> None:
    from edgevision.tflite.facts import TensorInterface

    tensor = TensorInterface(name="x", shape=(1,), dtype="int8", scale=0.5, zero_point=-128)
    assert formula(tensor) == "real = 0.5 * (stored + 128)"


def test_long_text_is_shortened_in_the_middle() -> None:
    assert shown("abcdefghij", 7) == "ab...ij"
    assert shown("abc", 7) == "abc"


def test_counts_are_short() -> None:
    assert [short_count(n) for n in (0, 999, 12_400, 300_774_272)] == [
        "0",
        "999",
        "12.40 k",
        "300.77 M",
    ]


def test_the_names_of_the_signature_and_how_many_figures_are_left_are_shown(
    path: Path, uint8_model: bytes, card_of: CardOf, capsys: pytest.CaptureFixture[str]
) -> None:
    card = card_of(uint8_model)
    figures = tuple(
        Figure(name=f"m{at}", value=0.5, unit="dB", reference="float") for at in range(7)
    )
    numbers = replace(card, figures=Figures(evaluation="photos", images=8, metrics=figures))
    model = read_model(uint8_model)
    names = Signature(
        inputs=(("image", model.inputs[0]),), outputs=(("steering", model.outputs[0]),)
    )
    path.write_bytes(write_card(write_signature(uint8_model, names), numbers))
    inspect(path)
    out = capsys.readouterr().out
    assert "signature      serving_default: image -> steering\n" in out
    assert " ".join(out.split()).count("m3 0.5 dB, 3 more with --json on 8 images") == 1
