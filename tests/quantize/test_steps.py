"""The table of steps: what every step promises, and a step of a newcomer's."""

import inspect
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgevision.errors import UsageError
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.quantize.calibrate.calibrated_model import CalibratedModel
from edgevision.quantize.quantize import QuantizedModel, quantize
from edgevision.quantize.step import (
    IntegerLayer,
    LayerStep,
    Observations,
    RangeStep,
    Scope,
    Step,
    TransformStep,
)
from edgevision.quantize.steps import STEPS, check_switches
from edgevision.recipe.recipe import Recipe, Switch
from edgevision.tflite.graph import Graph
from edgevision.tflite.serialize import serialize
from tests.quantize.builder import Builder, random_images, small_cnn
from tests.quantize.odd_graphs import GRAPHS
from tests.quantize.test_fast_operators import swish_net
from tests.quantize.test_swish_equalization import LOUD, network

PREPROCESSING = ImagePreprocessing(
    width=12, height=12, mean=(123.675, 116.28, 103.53), std=(58.395, 57.12, 57.375)
)
PLAIN = Recipe(ranges="min-max", equalization="off", weight_rounding="off")


def made(
    graph: Graph,
    recipe: Recipe = PLAIN,
    steps: tuple[Step, ...] = STEPS,
    count: int = 12,
) -> QuantizedModel:
    images = random_images(count)
    return quantize(
        serialize(graph),
        preprocessing=PREPROCESSING,
        images=lambda: images,
        recipe=recipe,
        steps=steps,
    )


def swish() -> Graph:
    return network(LOUD)


NETWORKS: dict[str, Callable[[], Graph]] = {
    "fold_constants": GRAPHS["computed_weights"],
    "rewrite": swish_net,
    "fold_normalization": small_cnn,
    "float_scores": small_cnn,
    "swish_equalization": swish,
    "ranges": small_cnn,
    "clip_saturated": swish,
    "equalization": small_cnn,
    "weight_rounding": small_cnn,
    "bias_correction": small_cnn,
}
"""A network on which each step has something to do."""


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_every_step_is_switched_by_its_name(step: Step) -> None:
    graph = NETWORKS[step.name]()
    on, off = (
        made(graph, replace(PLAIN, steps={step.name: switch})).content for switch in ("on", "off")
    )
    assert on != off


def test_step_names_are_unique_and_measured_ones_have_a_label() -> None:
    names = [step.name for step in STEPS]
    assert len(names) == len(set(names))
    for step in STEPS:
        if step.default == "auto" and step.name != "ranges":
            assert step.label


def test_an_unknown_step_is_refused_with_the_known_ones() -> None:
    recipe = replace(PLAIN, steps={"equalisation": "off"})
    with pytest.raises(UsageError, match="unknown step 'equalisation'") as caught:
        made(small_cnn(), recipe)
    for step in STEPS:
        assert step.name in str(caught.value)


def test_fold_normalization_off_leaves_it_in_the_graph_and_answers_alike() -> None:
    recipe = replace(PLAIN, steps={"fold_normalization": "off"}, float_scores=False)
    explicit = made(small_cnn(), recipe)
    names = [layer for layer in explicit.ranges if "scaled" in layer or "normalized" in layer]
    assert len(names) == 2


@pytest.fixture(scope="module")
def headroom_step() -> Callable[[float], RangeStep]:
    """The newcomer's step, as the document shows it."""
    document = Path(__file__).parents[2] / "docs" / "adding-a-quantizer-step.md"
    (code,) = re.findall(r"```python\n(.*?)```", document.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102 - our own document
    assert names["HEADROOM"].name == "headroom"
    made: Callable[[float], RangeStep] = names["headroom_step"]
    return made


def test_a_new_step_is_observed_measured_and_dropped_where_it_does_harm(
    headroom_step: Callable[[float], RangeStep],
) -> None:
    harmful = (*STEPS, headroom_step(0.001))
    model = made(small_cnn(), PLAIN, harmful, count=24)
    assert [(one.step.endswith("headroom"), one.kept) for one in model.steps] == [
        (False, True),
        (True, False),
    ]
    assert model.content == made(small_cnn(), PLAIN, count=24).content


def test_a_new_step_is_kept_where_it_helps(headroom_step: Callable[[float], RangeStep]) -> None:
    # The first ruins ranges, which the second restores.
    blind = replace(headroom_step(1000.0), default="on")
    mending = replace(headroom_step(2.0), name="mending", label="mended")
    model = made(small_cnn(), PLAIN, (*STEPS, blind, mending), count=24)
    assert model.steps[-1].step.endswith("mended")
    assert model.steps[-1].kept
    assert model.steps[-1].loss < model.steps[0].loss / 2
    switched_on = replace(PLAIN, steps={"mending": "on"})
    assert made(small_cnn(), switched_on, (*STEPS, blind, mending), count=24).content == (
        model.content
    )


@pytest.mark.parametrize("switch", ["on", "off"])
def test_a_new_step_is_switched_by_the_recipe(
    switch: Switch, headroom_step: Callable[[float], RangeStep]
) -> None:
    steps = (*STEPS, headroom_step(0.001))
    recipe = replace(PLAIN, steps={"headroom": switch})
    model = made(small_cnn(), recipe, steps)
    assert model.steps == ()
    assert (model.content == made(small_cnn()).content) is (switch == "off")


def test_a_step_that_is_off_or_does_not_apply_observes_nothing(
    headroom_step: Callable[[float], RangeStep],
) -> None:
    asked: list[str] = []

    def observe(_scope: Scope) -> Observations:
        asked.append("observed")
        return Observations()

    step = replace(headroom_step(1.0), observe=observe)
    made(small_cnn(), replace(PLAIN, steps={"headroom": "off"}), (*STEPS, step))
    rng = np.random.default_rng(0)
    b = Builder((1, 12, 12, 3))
    without_relu6 = b.finish(b.conv(b.graph.inputs[0], rng.normal(0, 1, (4, 3, 3, 3)), None))
    made(without_relu6, PLAIN, (*STEPS, step))
    assert asked == []
    made(small_cnn(), PLAIN, (*STEPS, step))
    assert asked


def test_steps_on_layers_are_measured_one_after_another_in_order() -> None:
    def ruined(layer: IntegerLayer) -> IntegerLayer:
        return replace(layer, integers=np.zeros_like(layer.integers))

    ruin = LayerStep(name="ruin", label="ruined", default="auto", apply=ruined, is_slow=True)
    recipe = replace(PLAIN, weight_rounding="auto")
    tried = made(small_cnn(), recipe, (*STEPS, ruin), count=24).steps
    assert tried[-1].step.endswith("ruined")
    assert not tried[-1].kept
    assert any("weights rounded by output" in one.step for one in tried)


def test_a_rewrite_is_measured_on_top_of_the_ranges_and_may_add_operators() -> None:
    def unchanged(model: CalibratedModel) -> CalibratedModel:
        return model

    nothing = TransformStep(name="nothing", label="nothing", default="auto", apply=unchanged)
    *_, last = made(small_cnn(), PLAIN, (*STEPS, nothing), count=24).steps
    assert last.step.endswith("nothing")
    assert not last.kept


def test_check_switches_knows_steps_that_were_added(
    headroom_step: Callable[[float], RangeStep],
) -> None:
    recipe = replace(PLAIN, steps={"headroom": "off"})
    check_switches(recipe, (*STEPS, headroom_step(1.0)))
    with pytest.raises(UsageError):
        check_switches(recipe)


def test_every_step_has_one_shape() -> None:
    for step in STEPS:
        assert len(inspect.signature(step.applies).parameters) == 1
        assert len(inspect.signature(step.observe).parameters) == 1
        assert hasattr(step, "apply")
