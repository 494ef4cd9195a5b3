from collections.abc import Mapping
from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.quantize.calibration import calibrated_model
from edgevision.quantize.quantize import quantize
from edgevision.quantize.search import mixed_precision, operator_latency
from edgevision.quantize.search.choose_steps import choose_steps
from edgevision.quantize.search.mixed_precision import (
    cheapest_mix,
    never_slower,
)
from edgevision.quantize.search.operator_latency import OperatorLatency, operator_latencies
from edgevision.recipe.recipe import Recipe
from edgevision.runtime.session import Session
from edgevision.tflite.serialize import serialize
from tests.quantize.builder import random_images, small_cnn

PREPROCESSING = ImagePreprocessing(width=12, height=12, mean=(127.0,), std=(128.0,))
RECIPE = Recipe(quality="fast")
times = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=8)


def total(mask: tuple[bool, ...], pairs: list[tuple[int, int]], switch: int) -> int:
    states = [False, *mask, False]
    changes = sum(a != b for a, b in pairwise(states))
    running = sum(pair[is_float] for pair, is_float in zip(pairs, mask, strict=True))
    return changes * switch + running


@given(times, st.integers(0, 30))
def test_no_other_mix_is_cheaper(pairs: list[tuple[int, int]], switch: int) -> None:
    found = cheapest_mix([p[0] for p in pairs], [p[1] for p in pairs], switch)
    every = product([False, True], repeat=len(pairs))
    assert total(tuple(found), pairs, switch) == min(total(m, pairs, switch) for m in every)


def test_a_short_gain_is_not_worth_two_conversions() -> None:
    assert cheapest_mix([5, 9, 5], [8, 5, 8], 3) == [False, False, False]
    assert cheapest_mix([5, 19, 5], [8, 5, 8], 3) == [False, True, False]


def settled(answers: Mapping[str, float]) -> tuple[object, object, list[str]]:
    images = random_images(8)
    calibrated = calibrated_model(
        small_cnn(), preprocessing=PREPROCESSING, images=lambda: images, recipe=RECIPE
    )
    made = choose_steps(calibrated, RECIPE)
    asked: list[str] = []

    def timer(files: Mapping[str, bytes]) -> dict[str, float]:
        asked.extend(files)
        return {name: answers[name] for name in files}

    kept, verdict = never_slower(calibrated, RECIPE, made, serialize(small_cnn()), timer=timer)
    return (kept is made), verdict.sentence, asked


def test_a_faster_int8_file_is_left_alone() -> None:
    same, sentence, asked = settled({"float": 2.0, "int8": 1.0})
    assert same
    assert sentence == ""
    assert asked == ["float", "int8"]


def test_a_small_loss_is_told_and_changes_nothing() -> None:
    same, sentence, asked = settled({"float": 0.15, "int8": 0.22})
    assert same
    assert "int8 takes 1.47 times as long as float on this machine, 0.07 ms more" in str(sentence)
    assert "--on times it there" in str(sentence)
    assert asked == ["float", "int8"]


@pytest.mark.parametrize("int8", [0.069, 0.04])
def test_a_loss_within_the_noise_is_not_told(int8: float) -> None:
    assert settled({"float": 0.05, "int8": int8}) == (True, "", ["float", "int8"])


def test_three_per_cent_of_a_long_time_are_not_told() -> None:
    assert settled({"float": 3.0, "int8": 3.08})[1] == ""


def test_a_mix_that_is_faster_as_a_whole_is_taken_and_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slow = OperatorLatency(id=0, operator="CONV_2D", integer_us=1000.0, float_us=1.0)
    monkeypatch.setattr(mixed_precision, "operator_latencies", lambda _made, **_: (slow,))
    same, sentence, asked = settled({"float": 2.0, "int8": 3.0, "mixed": 1.8, "dynamic": 1.9})
    assert not same
    assert "in 1 CONV_2D: left in float, which is faster on this machine" in str(sentence)
    assert "--on times it there, --no-never-slower keeps int8" in str(sentence)
    assert asked[2:] == ["float", "int8", "mixed", "dynamic"]


def test_a_mix_that_leaves_nothing_in_float_is_int8_however_it_was_timed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mixed_precision, "operator_latencies", lambda _made, **_: ())
    same, sentence, _ = settled({"float": 2.0, "int8": 3.0, "mixed": 1.8, "dynamic": 1.9})
    assert same
    assert "1.50 times as long" in str(sentence)
    assert "left in float" not in str(sentence)


def test_all_in_float_is_no_mix_however_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    every = [op.name for op in small_cnn().operators[:-1]]
    costs = tuple(
        OperatorLatency(id=at, operator=name, integer_us=1000.0, float_us=1.0)
        for at, name in enumerate(every)
    )
    monkeypatch.setattr(mixed_precision, "operator_latencies", lambda _made, **_: costs)
    same, sentence, _ = settled({"float": 2.0, "int8": 3.0, "mixed": 1.8, "dynamic": 2.2})
    assert same
    assert "int8 takes 1.50 times as long as float" in str(sentence)
    assert "3 CONV_2D" in str(sentence)
    assert "--fp16 keeps its speed" in str(sentence)


def test_what_stays_slower_is_said_in_one_sentence() -> None:
    same, sentence, _ = settled({"float": 2.0, "int8": 3.0, "mixed": 3.1, "dynamic": 2.2})
    assert same
    assert "1.50 times as long" in str(sentence)
    assert "have no fast int8 kernel" in str(sentence)
    assert "float is fastest there: --fp16 keeps its speed" in str(sentence)
    assert "--dynamic takes 1.10" in str(sentence)


def test_a_device_is_named_and_what_was_timed_alone_on_this_machine_too() -> None:
    images = random_images(8)
    calibrated = calibrated_model(
        small_cnn(), preprocessing=PREPROCESSING, images=lambda: images, recipe=RECIPE
    )
    made = choose_steps(calibrated, RECIPE)
    times = {"float": 2.0, "int8": 3.0, "mixed": 3.1, "dynamic": 2.2}
    _, verdict = never_slower(
        calibrated,
        RECIPE,
        made,
        serialize(small_cnn()),
        timer=lambda _: times,
        target="ssh://pi@board",
    )
    assert verdict.target == "ssh://pi@board"
    assert "1.50 times as long as float on ssh://pi@board" in verdict.sentence
    assert "each operator timed alone on this machine" in verdict.sentence


def test_a_first_timing_that_the_second_takes_back_is_not_told() -> None:
    images = random_images(8)
    calibrated = calibrated_model(
        small_cnn(), preprocessing=PREPROCESSING, images=lambda: images, recipe=RECIPE
    )
    made = choose_steps(calibrated, RECIPE)

    def timer(files: Mapping[str, bytes]) -> dict[str, float]:
        int8 = 2.0 if "mixed" in files else 3.0
        return {name: int8 if name == "int8" else 2.0 for name in files}

    kept, verdict = never_slower(calibrated, RECIPE, made, serialize(small_cnn()), timer=timer)
    assert kept is made
    assert verdict.sentence == ""


def test_where_int8_stays_slower_dynamic_is_named_when_it_is_fastest() -> None:
    _, sentence, _ = settled({"float": 2.0, "int8": 3.0, "mixed": 3.1, "dynamic": 1.0})
    assert "--dynamic is fastest there, at 0.50 of float's time" in str(sentence)


def test_every_operator_is_timed_in_both_precisions() -> None:
    images = random_images(8)
    calibrated = calibrated_model(
        small_cnn(), preprocessing=PREPROCESSING, images=lambda: images, recipe=RECIPE
    )
    costs = operator_latencies(choose_steps(calibrated, RECIPE))
    assert [cost.operator for cost in costs] == [op.name for op in small_cnn().operators[:-1]]
    assert small_cnn().operators[-1].name == "SOFTMAX"  # in float either way
    assert all(cost.integer_us > 0 and cost.float_us > 0 for cost in costs)


def test_operators_are_timed_with_the_threads_that_files_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened: list[int] = []

    class Recording(Session):
        def __init__(self, model: bytes, *, threads: int = 1) -> None:
            opened.append(threads)
            super().__init__(model, threads=threads)

    monkeypatch.setattr(operator_latency, "Session", Recording)
    images = random_images(8)
    quantize(
        serialize(small_cnn()),
        preprocessing=PREPROCESSING,
        images=lambda: images,
        recipe=RECIPE,
        timer=lambda files: dict.fromkeys(files, 2.0) | {"int8": 3.0},
        threads=4,
    )
    assert set(opened) == {4}
