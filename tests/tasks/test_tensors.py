import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgevision.errors import ModelError, UsageError
from edgevision.metrics.signal import sqnr_db
from edgevision.tasks.spec import TaskSpec
from edgevision.tasks.task import answer_of
from edgevision.tasks.tensors import Tensors
from tests.tasks.models import FRAME, answers, model


def numbers(*shapes: tuple[int, ...]) -> Tensors:
    return Tensors.build(TaskSpec(kind="tensors"), model(*shapes))


def test_few_values_are_listed_and_many_summed_up() -> None:
    task = numbers((1, 2), (1, 4, 5))
    outputs = (np.array([0.5, np.nan], np.float32), np.arange(20, dtype=np.float32).reshape(4, 5))
    answer = answer_of(task, outputs, FRAME)
    assert answer.items == ()
    assert json.loads(json.dumps(answer.to_dict(), allow_nan=False)) == {
        "outputs": [
            {"name": "out0", "shape": [2], "values": [0.5, None]},
            {"name": "out1", "shape": [4, 5], "min": 0, "mean": 9.5, "max": 19},
        ]
    }
    assert answer.draw(np.zeros((48, 64, 3), np.uint8)).any()


def test_the_headline_is_the_worst_output_in_decibels_not_a_share_of_same_answers() -> None:
    chance = np.random.default_rng(0)
    task = numbers((1, 3), (1, 2, 2))
    good, bad = chance.normal(size=(20, 3)), chance.normal(size=(20, 2, 2))
    reference = answers(task, good, bad)
    ours = answers(task, good + 0.001, bad + 0.1)
    found = task.agreement(ours, reference)
    assert found.headline.name == "worst_sqnr_db"
    assert found.headline.unit == "dB"
    assert "out1" in found.meaning
    assert found.flips == ()
    assert all(metric.unit != "share" for metric in found.metrics)
    estimate = found.headline.estimate
    assert estimate.value == pytest.approx(
        sqnr_db(bad.astype(np.float32), (bad + 0.1).astype(np.float32)), rel=1e-4
    )
    assert estimate.low is not None
    assert estimate.high is not None
    assert estimate.low < estimate.value < estimate.high
    error = found.metric("out1.max_error")
    assert error is not None
    assert error.estimate.value == pytest.approx(0.1, rel=1e-4)
    assert error.estimate.low is None
    assert not error.higher_is_better


@settings(max_examples=15)
@given(st.integers(1, 10), st.integers(0, 99))
def test_identical_answers_have_no_noise(images: int, seed: int) -> None:
    task = numbers((1, 4))
    values = np.random.default_rng(seed).normal(size=(images, 4))
    found = task.agreement(answers(task, values), answers(task, values))
    assert found.headline.estimate.value == math.inf
    cosine = found.metric("out0.cosine")
    assert cosine is not None
    assert cosine.estimate.value == pytest.approx(1)


def test_numbers_are_neither_right_nor_wrong() -> None:
    task = numbers((1, 4))
    asked = answers(task, np.zeros((1, 4)))
    with pytest.raises(UsageError, match="no declared meaning"):
        task.evaluate(asked)
    with pytest.raises(UsageError, match="no declared meaning"):
        task.paired(asked, asked)


def test_every_output_is_held_down_by_its_noise() -> None:
    losses = numbers((1, 4), (1, 2)).losses()
    assert [loss.output for loss in losses] == [0, 1]
    one = np.ones((3, 1, 4), np.float32)
    assert losses[0].function(one, one * np.float32(1.1)) == pytest.approx(0.01, rel=1e-3)


def test_labels_are_dropped_and_no_output_is_refused() -> None:
    spec = TaskSpec(kind="tensors", labels=("a", "b"))
    assert Tensors.build(spec, model((1, 2))).spec.labels == ()
    with pytest.raises(ModelError, match="no outputs"):
        Tensors.build(spec, model())


def test_one_answer_to_every_image_is_doubted_however_good_its_ratio() -> None:
    ages = np.linspace(40, 60, 16)[:, None]
    task = numbers((1, 1))
    found = task.agreement(answers(task, np.full((16, 1), 50.0)), answers(task, ages))
    assert found.headline.estimate.value > 15
    assert found.doubts == ()  # as good as the mean can be
    found = task.agreement(answers(task, np.full((16, 1), 52.0)), answers(task, ages))
    (doubt,) = found.doubts
    assert doubt.startswith("the errors of out0 (5.5 in the mean) are larger than what tells")


def test_errors_smaller_than_what_tells_images_apart_are_not_doubted() -> None:
    ages = np.linspace(40, 60, 16)[:, None]
    task = numbers((1, 1))
    assert task.agreement(answers(task, ages + 2), answers(task, ages)).doubts == ()
    few = ages[:4]
    assert task.agreement(answers(task, few + 50), answers(task, few)).doubts == ()
