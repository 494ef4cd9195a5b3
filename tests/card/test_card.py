import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevision.card.card import (
    MAX_LABEL_LENGTH,
    MAX_LABELS,
    CalibrationSource,
    Card,
    Figure,
    Figures,
    Provenance,
)
from edgevision.card.json_form import card_from_plain, card_to_plain, parse_card_json
from edgevision.errors import ModelError
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.serialization.limits import STRANGER
from edgevision.tasks.spec import TaskSpec
from edgevision.tflite.facts import TensorInterface

SPACE = b" " * (STRANGER.document_bytes + 1)

words = st.text(st.characters(exclude_categories=["C", "Z"]), max_size=20)
shares = st.none() | st.floats(0, 1)
tensors = st.builds(
    TensorInterface,
    name=words,
    shape=st.just((1, 4)),
    dtype=st.sampled_from(["uint8", "float32"]),
    scale=st.none() | st.floats(1e-6, 10),
    zero_point=st.none() | st.integers(-128, 255),
)
cards = st.builds(
    Card,
    name=words,
    preprocessing=st.builds(
        ImagePreprocessing,
        width=st.integers(1, 512),
        height=st.integers(1, 512),
        fit=st.sampled_from(["stretch", "letterbox"]),
        mean=st.tuples(st.floats(-300, 300)),
        std=st.tuples(st.floats(0.01, 300), st.floats(0.01, 300), st.floats(0.01, 300)),
    ),
    task=st.none()
    | st.builds(
        TaskSpec,
        kind=st.sampled_from(["classification", "detection", "tensors", "my-task"]),
        labels=st.just(()) | st.tuples(words, words, words, words),
        activations=st.lists(
            st.sampled_from(["softmax", "sigmoid", "logits", None]), max_size=2
        ).map(tuple),
        options=st.dictionaries(words, st.integers() | words | st.lists(shares, max_size=2)),
    ),
    precision=st.sampled_from(["float32", "int8", "mixed"]),
    inputs=st.tuples(tensors),
    outputs=st.tuples(tensors),
    provenance=st.builds(
        Provenance,
        source_name=words,
        source_sha256=words,
        recipe=words,
        calibration=st.none()
        | st.builds(
            CalibrationSource,
            name=words,
            sha256=words,
            images=st.integers(0, 9999),
            seed=st.none() | st.integers(-(2**63), 2**63 - 1),
        ),
        tools=st.dictionaries(words, words, max_size=3).map(lambda d: tuple(sorted(d.items()))),
    ),
    figures=st.builds(
        Figures,
        evaluation=words,
        images=st.none() | st.integers(0, 9999),
        accuracy=shares,
        metrics=st.tuples(
            st.builds(Figure, name=words, value=st.none() | st.floats(-9, 9), unit=words)
        ),
    ),
)


def plain_card() -> Card:
    return Card(
        name="m",
        preprocessing=ImagePreprocessing(width=8, height=8),
        task=TaskSpec(kind="classification", labels=("a", "b"), activations=("sigmoid",)),
        precision="int8",
        inputs=(
            TensorInterface(name="x", shape=(1, 8, 8, 3), dtype="uint8", scale=1.0, zero_point=0),
        ),
        outputs=(TensorInterface(name="y", shape=(1, 2), dtype="float32"),),
    )


@given(cards)
def test_card_comes_back_from_its_json(card: Card) -> None:
    assert card_from_plain(json.loads(json.dumps(card_to_plain(card)))) == card


def test_a_newer_version_asks_for_a_newer_edgevision() -> None:
    values = card_to_plain(plain_card()) | {"schema_version": 3, "preprocess": "otherwise"}
    with pytest.raises(ModelError, match="version 3") as caught:
        card_from_plain(values)
    assert "newer edgevision" in caught.value.hint


def test_a_card_of_version_1_is_read_as_it_was_written() -> None:
    values = card_to_plain(plain_card())
    del values["task"]
    del values["figures"]["metrics"]
    assert (values["kind"], values["activation"]) == ("classification", "sigmoid")
    assert card_from_plain(values) == plain_card()


def test_logits_of_version_1_only_meant_no_softmax_and_no_sigmoid() -> None:
    values = card_to_plain(plain_card()) | {"activation": "logits"}
    del values["task"]
    assert card_from_plain(values).task == TaskSpec(kind="classification", labels=("a", "b"))


def test_one_raw_number_without_names_was_no_classifier_though_it_was_called_one() -> None:
    values = card_to_plain(plain_card()) | {"activation": "logits", "labels": []}
    del values["task"]
    values["outputs"][0]["shape"] = [1, 1]
    assert card_from_plain(values).task is None
    named = card_from_plain(values | {"labels": ["no", "yes"]}).task
    assert named == TaskSpec(kind="classification", labels=("no", "yes"))
    unit = card_from_plain(values | {"activation": "sigmoid"}).task
    assert unit == TaskSpec(kind="classification", activations=("sigmoid",))


def test_what_readers_of_version_1_take_for_a_classifier_is_one() -> None:
    for kind, version in (("classification", 1), ("detection", 1), ("tensors", 2), ("my-task", 2)):
        values = card_to_plain(replace(plain_card(), task=TaskSpec(kind=kind)))
        assert values["schema_version"] == version
        assert values.get("kind", kind) == kind
        assert ("kind" in values) == (version == 1)
    assert card_to_plain(replace(plain_card(), task=None))["schema_version"] == 2


def test_keys_from_the_future_are_ignored() -> None:
    values = card_to_plain(plain_card()) | {"energy_joules": 0.2}
    values["figures"]["battery"] = 1
    assert card_from_plain(values) == plain_card()


def test_preprocessing_from_the_future_is_refused() -> None:
    values = card_to_plain(plain_card())
    values["preprocess"]["gamma"] = 2.2
    with pytest.raises(ModelError, match="gamma"):
        card_from_plain(values)


def test_labels_must_be_as_many_as_classes() -> None:
    values = card_to_plain(plain_card()) | {"labels": ["only one"]}
    with pytest.raises(ModelError, match="1 labels for an output of 2 classes"):
        card_from_plain(values)


BREAKAGES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "no version": lambda v: v.pop("schema_version"),
    "version is text": lambda v: v.update(schema_version="1"),
    "version is true": lambda v: v.update(schema_version=True),
    "name is a number": lambda v: v.update(name=7),
    "name drives the terminal": lambda v: v.update(name="\x1b[2J"),
    "kind is unknown": lambda v: v.update(kind="poetry"),
    "two kinds": lambda v: v["task"].update(kind="tensors"),
    "task is text": lambda v: v.update(task="classification"),
    "activations of a stranger": lambda v: v["task"].update(activations=["relu"]),
    "activation is a number": lambda v: v["task"].update(activations=[1]),
    "options are a list": lambda v: v["task"].update(options=[1]),
    "precision is unknown": lambda v: v.update(precision="int3"),
    "neither task nor activation": lambda v: (v.pop("task"), v.pop("activation")),
    "no preprocessing": lambda v: v.pop("preprocess"),
    "preprocessing is a list": lambda v: v.update(preprocess=[]),
    "width is huge": lambda v: v["preprocess"].update(width=10**9),
    "std is zero": lambda v: v["preprocess"].update(std=[0]),
    "mean is NaN": lambda v: v["preprocess"].update(mean=[float("nan")]),
    "mean overflows": lambda v: v["preprocess"].update(mean=[10**400]),
    "fit is a list": lambda v: v["preprocess"].update(fit=[1]),
    "no inputs": lambda v: v.update(inputs=[]),
    "inputs is text": lambda v: v.update(inputs="x"),
    "many inputs": lambda v: v.update(inputs=v["inputs"] * 65),
    "shape of many sides": lambda v: v["inputs"][0].update(shape=[1] * 9),
    "shape of text": lambda v: v["inputs"][0].update(shape=["8"]),
    "scale is infinite": lambda v: v["inputs"][0].update(scale=float("inf")),
    "zero point beyond 64 bits": lambda v: v["inputs"][0].update(zero_point=2**63),
    "labels is text": lambda v: v.update(labels="ab"),
    "label over two lines": lambda v: v.update(labels=["a", "b\nc"]),
    "long label": lambda v: v.update(labels=["a", "b" * (MAX_LABEL_LENGTH + 1)]),
    "too many labels": lambda v: v.update(labels=["a"] * (MAX_LABELS + 1)),
    "tools is a list": lambda v: v["provenance"].update(tools=["x"]),
    "calibration without a digest": lambda v: v["provenance"].update(calibration={"name": "x"}),
    "accuracy is text": lambda v: v["figures"].update(accuracy="high"),
    "accuracy is true": lambda v: v["figures"].update(accuracy=True),
}


@pytest.mark.parametrize("name", BREAKAGES)
def test_broken_card_is_a_model_error(name: str) -> None:
    values = card_to_plain(plain_card())
    BREAKAGES[name](values)
    with pytest.raises(ModelError):
        card_from_plain(values)


@pytest.mark.parametrize("values", [None, [], "card", 3])
def test_card_must_be_an_object(values: object) -> None:
    with pytest.raises(ModelError):
        card_from_plain(values)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    ),
    st.sampled_from(sorted(card_to_plain(plain_card()))),
)
def test_any_value_anywhere_gives_a_card_or_a_model_error(value: object, key: str) -> None:
    try:
        card = card_from_plain(card_to_plain(plain_card()) | {key: value})
    except ModelError:
        return
    assert card_from_plain(card_to_plain(card)) == card


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"\xff\xfe", b"[" * 200_000, b"9" * 5000, SPACE],
)
def test_what_is_no_json_is_a_model_error(data: bytes) -> None:
    with pytest.raises(ModelError, match="the card"):
        parse_card_json(data, "the card")


def test_a_task_of_another_package_says_which() -> None:
    card = replace(plain_card(), task=TaskSpec(kind="my-task", package="my-tasks"))
    values = card_to_plain(card)
    assert values["task"]["package"] == "my-tasks"
    assert card_from_plain(values) == card
    assert "package" not in card_to_plain(plain_card())["task"]


@pytest.mark.parametrize("name", ["", "-r", "a b", "a;b", "--index-url=x", "a" * 101])
def test_what_could_not_be_typed_after_pip_install_is_no_package(name: str) -> None:
    values = card_to_plain(replace(plain_card(), task=TaskSpec(kind="my-task", package="my-tasks")))
    values["task"]["package"] = name
    with pytest.raises(ModelError, match=r"card\.task\.package"):
        card_from_plain(values)
