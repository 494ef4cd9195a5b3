"""Bad documents: the place, what should be there, what is, and what to do."""

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

from edgevision.errors import EdgeVisionError, ImageSetError, ModelError, UsageError
from edgevision.serialization.decode import from_plain
from edgevision.serialization.encode import to_plain
from edgevision.serialization.limits import STRANGER
from tests.serialization.documents import Card, Color, Everything, Masking, Plan, Tensor

GOOD = Everything(
    flag=True,
    count=1,
    ratio=0.5,
    text="t",
    path=Path("p"),
    choice="a",
    color=Color.RED,
    samples=(1, 2),
    ratios=(0.5,),
    point=(1, "x", 0.5),
    nested=(("a",),),
    tensor=Tensor(name="in"),
    tensors=(Tensor(name="in"),),
    by_name={"out-1": Tensor(name="out")},
    by_color={Color.RED: 1},
    maybe=None,
    number_or_text=None,
    plan=Plan(),
    plans=(Plan(),),
    contract=Plan(),
    mean=None,
    tools=(),
    anything=None,
)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"flag": 1}, "it.flag should be true or false, not 1"),
        ({"count": True}, "it.count should be a whole number, not True"),
        ({"count": 1.0}, "it.count should be a whole number, not 1.0"),
        ({"count": 2**63}, f"it.count should be a whole number, not {2**63}"),
        ({"ratio": "x"}, "it.ratio should be a number, not 'x'"),
        ({"ratio": True}, "it.ratio should be a number, not True"),
        ({"text": 1}, "it.text should be text of at most 1048576 characters, not 1"),
        ({"path": None}, "it.path should be text of at most 1048576 characters, not None"),
        ({"choice": "c"}, "it.choice should be one of a, b, 3, not 'c'"),
        ({"choice": 3.0}, "it.choice should be one of a, b, 3, not 3.0"),
        ({"choice": ["a"]}, "it.choice should be one of a, b, 3, not ['a']"),
        ({"color": "blue"}, "it.color should be one of red, 3, not 'blue'"),
        ({"samples": [1, "x"]}, "it.samples[1] should be a whole number, not 'x'"),
        ({"samples": [1, 2**63]}, f"it.samples[1] should be a whole number, not {2**63}"),
        ({"samples": 3}, "it.samples should be a list, not 3"),
        ({"point": [1, "x"]}, "it.point should be a list of 3 entries, not [1, 'x']"),
        ({"point": [1, 2, 3]}, "it.point[1] should be text of at most 1048576 characters, not 2"),
        ({"nested": [["a"], "b"]}, "it.nested[1] should be a list, not 'b'"),
        ({"tensor": []}, "it.tensor should be an object, not []"),
        ({"tensor": {}}, "it.tensor.name is missing"),
        (
            {"tensors": [{"name": "in", "shape": [1, 2, "x"]}]},
            "it.tensors[0].shape[2] should be a whole number, not 'x'",
        ),
        (
            {"by_name": {"out-1": {"name": "o", "scale": "x"}}},
            "it.by_name['out-1'].scale should be a number, not 'x'",
        ),
        ({"by_name": 1}, "it.by_name should be an object, not 1"),
        (
            {"by_color": {"blue": 1}},
            "a name in it.by_color should be one of red, 3, not 'blue'",
        ),
        ({"maybe": 1}, "it.maybe should be an object, not 1"),
        ({"number_or_text": [1]}, "it.number_or_text should be a whole number, not [1]"),
        ({"plan": {}}, "it.plan.type should be one of Plan, Masking, not None"),
        ({"plan": {"type": "Card"}}, "it.plan.type should be one of Plan, Masking, not 'Card'"),
        ({"plan": {"type": ["Plan"]}}, "it.plan.type should be one of Plan, Masking, not ['Plan']"),
        ({"plan": {"type": "Masking"}}, "it.plan.sparsity is missing"),
        ({"plan": 1}, "it.plan should be an object, not 1"),
        ({"preprocess": {"rounds": 0}}, "it.preprocess: rounds must be positive, got 0"),
        ({"preprocess": {"round": 1}}, "it.preprocess: unknown name 'round'"),
        ({"mean": "x"}, "it.mean[0] should be a number, not 'x'"),
        ({"tools": []}, "it.tools should be an object, not []"),
        (
            {"tools": {"tf": 1}},
            "it.tools.tf should be text of at most 1048576 characters, not 1",
        ),
    ],
)
def test_the_path_to_the_bad_field_is_exact(change: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        from_plain(Everything, to_plain(GOOD) | change, where="it")
    assert str(caught.value) == said


def test_the_document_they_change_is_good() -> None:
    assert from_plain(Everything, to_plain(GOOD), where="it", unknown="refuse") == GOOD


@pytest.mark.parametrize(
    ("where", "plain", "said"),
    [
        ("set.toml:", {}, "set.toml: name is missing"),
        (
            "set.toml:",
            {"name": 1},
            "set.toml: name should be text of at most 1048576 characters, not 1",
        ),
        ("set.toml:", 1, "set.toml should be an object, not 1"),
        ("", {}, "name is missing"),
        ("", 1, "the document should be an object, not 1"),
    ],
)
def test_a_file_or_nothing_may_stand_before_the_path(where: str, plain: object, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        from_plain(Card, plain, where=where)
    assert str(caught.value) == said


@pytest.mark.parametrize("error", [UsageError, ModelError, ImageSetError])
def test_the_caller_chooses_class_and_hint(error: type[EdgeVisionError]) -> None:
    for plain in ({}, {"name": 1}, {"name": "a", "preprocess": {"rounds": 0}}):
        with pytest.raises(error) as caught:
            from_plain(Card, plain, where="card", error=error, hint="package the model again")
        assert caught.value.hint == "package the model again"


def test_what_a_dataclass_refuses_keeps_its_own_hint() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Preset:
        name: str

        def __post_init__(self) -> None:
            message = f"no preset {self.name!r}"
            raise UsageError(message, hint="one of a, b")

    with pytest.raises(ModelError, match=r"^card: no preset 'c'$") as caught:
        from_plain(Preset, {"name": "c"}, where="card", error=ModelError, hint="again")
    assert caught.value.hint == "one of a, b"


def test_unknown_names_are_left_aside_or_refused_with_the_nearest_known() -> None:
    plain = {"name": "in", "shap": [1]}
    assert from_plain(Tensor, plain, where="it") == Tensor(name="in")
    with pytest.raises(UsageError, match=r"^it: unknown name 'shap'$") as caught:
        from_plain(Tensor, plain, where="it", unknown="refuse")
    assert caught.value.hint == "did you mean shape?"
    with pytest.raises(UsageError, match=r"^unknown name 'zzz'$") as caught:
        from_plain(Tensor, {"name": "in", "zzz": 1}, where="", unknown="refuse")
    assert caught.value.hint == "known: name, shape, scale"


def test_unknown_names_inside_are_refused_too() -> None:
    plain = {"name": "net", "inputs": [{"name": "in"}, {"name": "in", "size": 1}]}
    with pytest.raises(UsageError, match=r"^it\.inputs\[1\]: unknown name 'size'$"):
        from_plain(Card, plain, where="it", unknown="refuse")


def test_a_field_may_be_stricter_than_its_document() -> None:
    plain = {"name": "net", "newer": 1, "preprocess": {"gamma": 2}}
    with pytest.raises(ModelError, match=r"^card\.preprocess: unknown name 'gamma'$"):
        from_plain(Card, plain, where="card", error=ModelError)
    assert from_plain(Card, {"name": "net", "newer": 1}, where="card") == Card(name="net")


def test_what_is_not_said_comes_from_the_base() -> None:
    base = Card(name="net", labels=("a",), contract=Plan(rounds=5))
    read = from_plain(Card, {"labels": []}, where="it", base=base)
    assert read == Card(name="net", contract=Plan(rounds=5))
    with pytest.raises(UsageError, match=r"^it\.labels should be a list"):
        from_plain(Card, {"labels": 1}, where="it", base=base)
    with pytest.raises(UsageError, match=r"^it: rounds must be positive"):
        from_plain(Plan, {"rounds": -1}, where="it", base=Plan())


def test_a_value_is_shown_short_and_on_one_line() -> None:
    values: tuple[object, ...] = (
        "a\n\x1b[2J" * 100,
        list(range(10_000)),
        {"a": ["b" * 1000]},
        [[[[[[[[[]]]]]]]]],
    )
    for value in values:
        with pytest.raises(UsageError) as caught:
            from_plain(int, value, where="it")
        assert str(caught.value).isprintable()
        assert len(str(caught.value)) < 150
    with pytest.raises(UsageError, match="not int"):
        from_plain(int, 10**5000, where="it")


def test_a_number_too_large_for_a_float_is_refused() -> None:
    with pytest.raises(UsageError, match="it should be a number of 64 bits"):
        from_plain(float, 10**400, where="it")


@pytest.mark.parametrize("kind", [list[int], bytes, set[int], complex])
def test_a_type_that_no_document_holds_is_a_programming_error(kind: Any) -> None:
    with pytest.raises(TypeError, match="can be read from a document"):
        from_plain(kind, [], where="it")


def test_one_of_several_may_not_have_an_entry_named_as_the_tag() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Typed:
        type: str

    @dataclass(frozen=True, kw_only=True)
    class Holder:
        one: Typed | Masking

    with pytest.raises(TypeError, match="Typed has an entry 'type' of its own"):
        to_plain(Holder(one=Typed(type="x")))


def test_members_of_a_union_are_told_apart_by_their_json_type() -> None:
    class Level(Enum):
        LOW = "low"

    @dataclass(frozen=True, kw_only=True)
    class Mixed:
        value: Level | bool | float | tuple[int, ...] | dict[str, int] | Path | None

    for plain, value in (
        ("low", Level.LOW),
        (True, True),
        (2, 2.0),
        ([1], (1,)),
        ({"a": 1}, {"a": 1}),
        ("x/y", Path("x/y")),
        (None, None),
    ):
        read = from_plain(Mixed, {"value": plain}, where="it")
        assert repr(read.value) == repr(value)
        assert to_plain(read) == {"value": plain}


def test_bytes_beside_a_path_are_never_read() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Case:
        model: Path | bytes

    assert from_plain(Case, {"model": "a.tflite"}, where="it") == Case(model=Path("a.tflite"))
    with pytest.raises(UsageError, match=r"^it\.model should be plain text"):
        from_plain(Case, {"model": 1}, where="it", limits=STRANGER)
