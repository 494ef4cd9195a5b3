from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.quantize.assign.score_operators import REASON
from edgevision.quantize.calibrate.calibrated_model import CalibratedModel
from edgevision.quantize.calibration import calibrated_model
from edgevision.quantize.search.accuracy_target import AccuracyTarget, TargetMeasurement
from edgevision.quantize.search.estimated_cost import estimated_work
from edgevision.quantize.search.search_accuracy_target import divided, search_accuracy_target
from edgevision.recipe.recipe import Recipe
from edgevision.tflite.arithmetic import precision_of
from edgevision.tflite.graph import Graph
from edgevision.tflite.parse import parse
from edgevision.tflite.read import read_model
from edgevision.tflite.serialize import serialize
from tests.quantize.builder import Builder, random_images, small_cnn

PREPROCESSING = ImagePreprocessing(width=12, height=12, mean=(127.0,), std=(128.0,))
RECIPE = Recipe(quality="fast")


def calibrated() -> CalibratedModel:
    images = random_images(16)
    return calibrated_model(
        small_cnn(), preprocessing=PREPROCESSING, images=lambda: images, recipe=RECIPE
    )


def float_convolutions(content: bytes) -> int:
    graph = parse(content)
    return sum("CONV" in op.name and graph.is_float(op.outputs[0]) for op in graph.operators)


def measure(content: bytes, _preprocessing: ImagePreprocessing) -> TargetMeasurement:
    """Agreement that rises with every convolution left in float."""
    value = 0.90 + 0.03 * float_convolutions(content)
    return TargetMeasurement(value=value, low=value - 0.01, high=value + 0.01)


def front_is_cheap(files: Mapping[str, bytes]) -> dict[str, float]:
    return {name: 1.0 if name.startswith("first") else 2.0 for name in files}


def test_int8_throughout_is_taken_when_it_is_good_enough() -> None:
    goal = AccuracyTarget(kind="agreement", threshold=0.9)
    reached = search_accuracy_target(
        calibrated(), RECIPE, goal, measure=measure, timer=front_is_cheap
    )
    assert reached.met
    assert [trial.name for trial in reached.trials] == ["int8 throughout"]
    assert float_convolutions(reached.model.content) == 0


def test_the_cheapest_way_that_meets_the_goal_is_taken() -> None:
    goal = AccuracyTarget(kind="agreement", threshold=0.92)
    reached = search_accuracy_target(
        calibrated(), RECIPE, goal, measure=measure, timer=front_is_cheap
    )
    assert reached.met
    assert float_convolutions(reached.model.content) == 1
    assert reached.trials[-1].name.startswith("first layers")
    assert {s.reason for s in reached.model.skipped} == {
        "left in float to meet the accuracy target",
        REASON,
    }
    assert [t.median_ms for t in reached.trials if t.median_ms is not None].count(1.0) == 1


def test_without_a_timer_the_least_estimated_work_is_taken() -> None:
    goal = AccuracyTarget(kind="agreement", threshold=0.92)
    reached = search_accuracy_target(calibrated(), RECIPE, goal, measure=measure)
    again = search_accuracy_target(calibrated(), RECIPE, goal, measure=measure)
    assert reached.met
    assert reached.model.content == again.model.content
    assert float_convolutions(reached.model.content) == 1
    assert all(trial.median_ms is None for trial in reached.trials)


def test_more_in_float_is_more_estimated_work() -> None:
    goal = AccuracyTarget(kind="agreement", threshold=0.92)
    whole, mixed = (
        search_accuracy_target(calibrated(), RECIPE, one, measure=measure).model.content
        for one in (replace(goal, threshold=0.9), goal)
    )
    assert estimated_work(whole) < estimated_work(mixed) < estimated_work(serialize(small_cnn()))


def test_what_cannot_be_met_is_told_with_what_was_tried() -> None:
    goal = AccuracyTarget(kind="agreement", threshold=2.0)
    reached = search_accuracy_target(
        calibrated(),
        RECIPE,
        goal,
        measure=measure,
        timer=front_is_cheap,
    )
    assert not reached.met
    assert len(reached.trials) > 3
    assert len(reached.hurting) == 3
    # Nor is the file the worst of them: it is the most accurate.
    most = max(trial.measured.value for trial in reached.trials)
    assert measure(reached.model.content, PREPROCESSING).value == most > 0.9


def convolutions_and_their_mean() -> Graph:
    rng = np.random.default_rng(0)
    b = Builder((1, 12, 12, 3))
    x = b.conv(b.graph.inputs[0], rng.normal(0, 0.2, (8, 3, 3, 3)), None)
    x = b.conv(x, rng.normal(0, 0.4, (8, 1, 1, 8)), None)
    return b.finish(b.mean(b.conv(x, rng.normal(0, 0.4, (5, 1, 1, 8)), None)))


def test_a_file_with_all_its_multiply_adds_in_float_is_none_to_offer() -> None:
    images = random_images(16)
    convolutions = calibrated_model(
        convolutions_and_their_mean(),
        preprocessing=PREPROCESSING,
        images=lambda: images,
        recipe=RECIPE,
    )
    measured: list[str] = []

    def never_enough(content: bytes, preprocessing: ImagePreprocessing) -> TargetMeasurement:
        measured.append(precision_of(read_model(content)))
        return measure(content, preprocessing)

    goal = AccuracyTarget(kind="agreement", threshold=2.0)
    search_accuracy_target(convolutions, RECIPE, goal, measure=never_enough, timer=front_is_cheap)
    assert set(measured) == {"int8", "mixed"}


@pytest.mark.parametrize(("value", "met"), [(0.01, True), (0.02, False), (-0.01, True)])
def test_a_drop_is_met_from_below(value: float, met: bool) -> None:
    assert AccuracyTarget(kind="drop", threshold=0.01).is_met(value) is met


def test_parts_keep_the_order_and_lose_nothing() -> None:
    assert divided(range(7), 3) == [(0, 1, 2), (3, 4), (5, 6)]
    assert divided([4, 9], 5) == [(4,), (9,)]
