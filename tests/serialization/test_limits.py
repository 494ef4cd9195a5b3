"""Each limit, tripped by the least that trips it."""

import math
from contextlib import suppress
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevision.errors import ImageSetError, ModelError, UsageError
from edgevision.serialization.decode import from_plain
from edgevision.serialization.json_text import parse_json, read_json
from edgevision.serialization.limits import OWN, STRANGER, is_deeper, is_plain_text
from edgevision.serialization.toml_text import read_toml
from tests.serialization.documents import Card, Everything, Tensor


def refusal(plain: object) -> str:
    with pytest.raises(ModelError) as caught:
        from_plain(Card, plain, where="card", limits=STRANGER, error=ModelError)
    return str(caught.value)


def accepted(plain: object) -> Card:
    return from_plain(Card, plain, where="card", limits=STRANGER, error=ModelError)


def test_a_text_has_at_most_so_many_characters() -> None:
    assert accepted({"name": "n" * 1024}).name
    said = refusal({"name": "n" * 1025})
    assert said.startswith("card.name should be plain text of at most 1024 characters, not 'nnn")


def test_a_field_may_have_a_limit_of_its_own() -> None:
    assert accepted({"name": "net", "labels": ["abcde"]}).labels == ("abcde",)
    assert refusal({"name": "net", "labels": ["a", "abcdef"]}) == (
        "card.labels[1] should be plain text of at most 5 characters, not 'abcdef'"
    )


@pytest.mark.parametrize("mark", ["\n", "\x00", "\x1b", "\x7f", "\x9f", "\u2028", "\ud800"])
def test_a_stranger_sends_no_control_characters(mark: str) -> None:
    assert refusal({"name": f"a{mark}"}).startswith("card.name should be plain text")
    assert refusal({"name": "net", "tools": {mark: "1"}}).startswith(
        "a name in card.tools should be plain text"
    )
    assert not is_plain_text(mark)
    assert from_plain(Card, {"name": mark}, where="our card") == Card(name=mark)


def test_a_list_and_an_object_have_at_most_so_many_entries() -> None:
    shape = [1] * 8
    assert accepted({"name": "net", "inputs": [{"name": "in", "shape": shape}]}).inputs
    assert refusal({"name": "net", "inputs": [{"name": "in", "shape": [*shape, 1]}]}) == (
        "card.inputs[0].shape should be a list of at most 8 entries, not 9"
    )
    assert refusal({"name": "net", "tools": {"a": "1", "b": "1", "c": "1"}}) == (
        "card.tools should be an object of at most 2 entries, not 3"
    )
    few = replace(STRANGER, items=2)
    for plain, said in (
        ({"name": "net", "labels": ["a"] * 3}, r"card\.labels should be a list of at most 2"),
        ({"name": "net", "sizes": dict.fromkeys("abc", 1)}, r"card\.sizes should be an object of"),
    ):
        assert accepted(plain).name == "net"
        with pytest.raises(UsageError, match=said):
            from_plain(Card, plain, where="card", limits=few)


@pytest.mark.parametrize(
    ("scale", "said"),
    [
        (math.inf, "a finite number, not inf"),
        (math.nan, "a finite number, not nan"),
        (10**400, "a number of 64 bits"),
    ],
)
def test_a_stranger_sends_finite_numbers(scale: float, said: str) -> None:
    plain = {"name": "net", "inputs": [{"name": "in", "scale": scale}]}
    assert refusal(plain).startswith(f"card.inputs[0].scale should be {said}")


def test_null_is_no_number_from_a_stranger() -> None:
    with pytest.raises(UsageError, match="it should be a number, not None"):
        from_plain(float, None, where="it", limits=STRANGER)
    assert math.isnan(from_plain(float, None, where="it", limits=OWN))


def test_a_document_has_at_most_so_many_bytes(tmp_path: Path) -> None:
    limits = replace(OWN, document_bytes=10)
    path = tmp_path / "x"
    path.write_text("a=[1,1,12]")
    assert read_toml(path, limits=limits) == {"a": [1, 1, 12]}
    path.write_text("[1,1,1,12]")
    assert read_json(path, limits=limits) == parse_json("[1,1,1,12]", where="it", limits=limits)
    path.write_text("[1,1,1,112]")
    with pytest.raises(ModelError, match="it has 11 bytes; at most 10 are read"):
        parse_json(path.read_bytes(), where="it", limits=limits, error=ModelError)
    with pytest.raises(ModelError, match="x has more than 10 bytes"):
        read_json(path, limits=limits, error=ModelError)
    with pytest.raises(UsageError, match="x has more than 10 bytes"):
        read_toml(path, limits=limits)


def test_a_document_is_so_deep_at_most(tmp_path: Path) -> None:
    assert parse_json("[" * 32 + "]" * 32, where="it", limits=STRANGER)
    with pytest.raises(UsageError, match="it is nested more than 32 deep"):
        parse_json("[" * 33 + "]" * 33, where="it", limits=STRANGER)
    with pytest.raises(UsageError, match="it is nested more than 32 deep"):
        parse_json('{"a":' * 33 + "1" + "}" * 33, where="it", limits=STRANGER)
    path = tmp_path / "x.toml"
    path.write_text("a = " + "[" * 32 + "]" * 32)
    with pytest.raises(ImageSetError, match=r"x\.toml is nested more than 32 deep"):
        read_toml(path, limits=STRANGER, error=ImageSetError)


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_nesting_beyond_what_python_parses_is_refused_too(opening: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="it is n"):
        parse_json(opening * 100_000, where="it", error=ModelError)
    path = tmp_path / "x.toml"
    path.write_text("a = " + opening.replace('"a":', "a=") * 10_000)
    with pytest.raises(UsageError, match="is not TOML"):
        read_toml(path)


def test_depth_counts_lists_and_objects() -> None:
    assert not is_deeper(1, 0)
    assert is_deeper([], 0)
    assert not is_deeper([1, [2], {"a": 1}], 2)
    assert is_deeper([1, {"a": [2]}], 2)


@pytest.mark.parametrize("text", ["", "{", "NaN", "[Infinity]", b"\xff", "1" * 5000, '{"a": 1} x'])
def test_what_is_no_json_is_refused(text: str | bytes) -> None:
    with pytest.raises(ModelError, match="it is not JSON: ") as caught:
        parse_json(text, where="it", error=ModelError, hint="package it again")
    assert caught.value.hint == "package it again"


def test_a_file_that_is_missing_or_another_format_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x"
    for read in (read_json, read_toml):
        with pytest.raises(ImageSetError, match="cannot read .*x: No such file") as caught:
            read(path, error=ImageSetError)
        assert caught.value.hint == "check the path"
        with pytest.raises(ImageSetError, match="cannot read .*: Is a directory"):
            read(tmp_path, error=ImageSetError)
    for content in (b"a = ", b"a = '\xff'"):
        path.write_bytes(content)
        with pytest.raises(ImageSetError, match="x is not TOML: ") as caught:
            read_toml(path, error=ImageSetError, hint="see docs")
        assert caught.value.hint == "see docs"
        with pytest.raises(UsageError, match="x is not JSON: "):
            read_json(path)


def test_a_hundred_thousand_labels_are_within_what_a_stranger_may_send() -> None:
    labels = [str(index)[:5] for index in range(100_000)]
    assert len(accepted({"name": "net", "labels": labels}).labels) == 100_000
    assert "at most 100000 entries" in refusal({"name": "net", "labels": [*labels, "x"]})


def test_what_limits_a_list_of_fixed_length_is_its_length() -> None:
    with pytest.raises(UsageError, match="it should be a list of 1 entry, not \\[1, 2\\]"):
        from_plain(tuple[int], [1, 2], where="it", limits=replace(OWN, items=1))
    assert from_plain(Tensor, {"name": ""}, where="it", limits=STRANGER) == Tensor(name="")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "shape", "rounds", "type", "x"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)


@given(st.fixed_dictionaries({}, optional={f.name: json_values for f in fields(Everything)}))
def test_whatever_a_stranger_sends_is_read_or_refused_by_us(plain: dict[str, object]) -> None:
    # One field at a time: a whole document would be refused at its first.
    for name, value in plain.items():
        kind = Everything.__annotations__[name]
        with suppress(ModelError):
            from_plain(kind, value, where=name, limits=STRANGER, error=ModelError)
