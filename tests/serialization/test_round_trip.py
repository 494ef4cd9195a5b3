"""What is written is read back, whole."""

import json
import math
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgevision.serialization.decode import from_plain
from edgevision.serialization.encode import to_plain
from edgevision.serialization.json_text import parse_json, to_json
from edgevision.serialization.schema import Form
from edgevision.serialization.toml_text import read_toml, to_toml
from tests.serialization.documents import Card, Color, Everything, Masking, Plan, Tensor

integers = st.integers(-(2**63), 2**63 - 1)
floats = st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
tensors = st.builds(
    Tensor,
    name=texts,
    shape=st.lists(integers, max_size=8).map(tuple),
    scale=st.none() | floats,
)
plans = st.builds(Plan, rounds=st.integers(1, 9)) | st.builds(Masking, sparsity=floats)


def tuples_of(entries: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(entries, max_size=3).map(tuple)


everything = st.builds(
    Everything,
    flag=st.booleans(),
    count=integers,
    ratio=floats,
    text=texts,
    path=st.sampled_from([Path("a/b.tflite"), Path("/x"), Path()]),
    choice=st.sampled_from(["a", "b", 3]),
    color=st.sampled_from(Color),
    samples=tuples_of(integers),
    ratios=tuples_of(floats),
    point=st.tuples(integers, texts, floats),
    nested=tuples_of(tuples_of(texts)),
    tensor=tensors,
    tensors=tuples_of(tensors),
    by_name=st.dictionaries(texts, tensors, max_size=3),
    by_color=st.dictionaries(st.just(Color.RED), integers),
    maybe=st.none() | tensors,
    number_or_text=st.none() | integers | floats | texts,
    plan=plans,
    plans=tuples_of(plans),
    contract=st.builds(Plan, rounds=st.integers(1, 9)),
    mean=st.none() | tuples_of(floats),
    tools=st.dictionaries(texts, texts, max_size=3).map(lambda tools: tuple(tools.items())),
    anything=st.none() | st.lists(integers, max_size=2) | st.dictionaries(texts, floats),
    seed=integers,
)


def exact(value: object) -> str:
    """With the types of numbers, which == leaves out of account."""
    return repr(value)


@given(everything)
def test_every_type_survives_json(value: Everything) -> None:
    for text in (to_json(value), to_json(value, indent=2), to_json(value, indent=2).encode()):
        read = from_plain(Everything, parse_json(text, where="it"), where="it", unknown="refuse")
        assert exact(read) == exact(value)


@given(everything)
def test_every_type_survives_toml(value: Everything) -> None:
    plain = tomllib.loads(to_toml(value))
    for name in ("maybe", "number_or_text", "mean", "anything"):
        # What is None is left away; these have no default.
        plain.setdefault(name, None)
    read = from_plain(Everything, plain, where="it", unknown="refuse")
    assert exact(read) == exact(value)


def test_names_forms_and_tags_are_spelled_as_declared() -> None:
    card = Card(name="net", contract=Plan(rounds=2), tools=(("keras", "3"), ("a-b", "1")))
    assert to_plain(card) == {
        "name": "net",
        "labels": [],
        "inputs": [],
        "preprocess": {"rounds": 2},
        "tools": {"keras": "3", "a-b": "1"},
        "sizes": {},
    }

    @dataclass(frozen=True, kw_only=True)
    class Job:
        plan: Plan | Masking | None = None

    assert to_plain(Job(plan=Masking(sparsity=0.5))) == {
        "plan": {"type": "Masking", "sparsity": 0.5}
    }


def test_a_value_alone_stands_for_a_list_of_one_where_declared() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Pixels:
        mean: Annotated[tuple[float, ...] | None, Form(one_or_many=True)] = None

    assert from_plain(Pixels, {"mean": 127.5}, where="") == Pixels(mean=(127.5,))
    assert from_plain(Pixels, {"mean": [1, 2, 3]}, where="") == Pixels(mean=(1.0, 2.0, 3.0))
    assert to_plain(Pixels(mean=(127.5,))) == {"mean": [127.5]}


def test_a_pair_that_comes_twice_is_no_object() -> None:
    with pytest.raises(ValueError, match="a name comes twice: a, a"):
        to_plain(Card(name="net", tools=(("a", "1"), ("a", "2"))))


def test_what_is_not_a_number_becomes_null_and_comes_back_as_nan() -> None:
    plain = to_plain((math.nan, -math.inf, 0.5))
    assert plain == [None, None, 0.5]
    read = from_plain(tuple[float, ...], plain, where="it")
    assert exact(read) == "(nan, nan, 0.5)"


def test_toml_keeps_what_is_not_a_number(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text(to_toml({"low": -math.inf, "mean": math.nan}))
    read = from_plain(dict[str, float], read_toml(path), where="it")
    assert exact(read) == "{'low': -inf, 'mean': nan}"


def test_numpy_floats_that_are_floats_are_written_as_numbers() -> None:
    assert to_toml({"scale": np.float64(0.5)}) == "scale = 0.5\n"


@pytest.mark.parametrize("value", [b"x", np.zeros(2), np.float32(1), {1, 2}, Plan])
def test_what_a_document_cannot_hold_is_a_programming_error(value: object) -> None:
    with pytest.raises(TypeError, match="no plain value for"):
        to_plain({"a": [value]})
    with pytest.raises(TypeError, match="TOML"):
        to_toml([1])
    with pytest.raises(TypeError, match="NoneType"):
        to_toml({"a": [None]})


def test_none_is_left_away_where_asked() -> None:
    assert to_plain(Tensor(name="in"), omit_none=True) == {"name": "in", "shape": []}
    assert to_plain({"a": None, "b": [None]}, omit_none=True) == {"b": [None]}


def test_lists_of_numbers_stay_on_one_line_and_texts_as_they_are() -> None:
    value = {"samples": [1, 2.5, -3e-9], "text": '"[1,  2]', "names": ["a", "b"]}
    text = to_json(value, indent=2)
    assert text.splitlines()[1] == '  "samples": [ 1, 2.5, -3e-09 ],'
    assert json.loads(text) == value


def test_a_pipe_gets_one_line_of_ascii() -> None:
    assert to_json({"name": "Größe\n"}) == r'{"name": "Gr\u00f6\u00dfe\n"}'


def test_toml_is_for_people_to_read() -> None:
    values = {
        "seed": 7,
        "classes": ["cat", "dog"],
        "preprocessing": {"fit": "stretch", "mean": [123.7, 116.3, 103.5]},
    }
    assert to_toml(values) == (
        'seed = 7\nclasses = [\n  "cat",\n  "dog",\n]\n\n'
        '[preprocessing]\nfit = "stretch"\nmean = [\n  123.7,\n  116.3,\n  103.5,\n]\n'
    )


@settings(max_examples=50)
@given(st.lists(integers, max_size=50))
def test_raw_samples_take_the_short_way_to_the_same_end(samples: list[int]) -> None:
    assert to_plain(Tensor(name="x", shape=tuple(samples)))["shape"] == samples
    read = from_plain(tuple[int, ...], samples, where="it")
    assert read == tuple(from_plain(int, one, where="it") for one in samples)
