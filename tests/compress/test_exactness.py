"""Removing channels gives the outputs of zeroing them, whatever the graph."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from edgevision.compress.graph.channel_graph import build_graph
from edgevision.compress.graph.removal import remove
from edgevision.compress.graph.trace import trace
from edgevision.errors import ModelError
from tests.compress.models import drop_randomly, randomize, resnet_like
from tests.compress.random_models import Step, heads, random_model, steps
from tests.compress.replay import outputs_with_zeros

pytestmark = pytest.mark.usefixtures("_in_double_precision")


def largest_difference(model: Any, share: float, seed: int) -> float:
    """Between removing and zeroing, as a share of the largest output."""
    random = np.random.default_rng(seed)
    graph = build_graph(trace(model))
    kept = drop_randomly(graph, share, random)
    images = random.normal(size=(2, *model.inputs[0].shape[1:]))
    # Said outright: a Resizing inside makes Keras 3.15 call the whole model as if in training.
    smaller = remove(graph, kept)(images, training=False)
    found = np.asarray(keras.tree.flatten(smaller)[0])
    expected = outputs_with_zeros(graph, kept, images)
    return float(np.abs(found - expected).max() / max(1e-12, np.abs(expected).max()))


def check_random_model(program: Sequence[Step], head: str) -> None:
    keras.utils.clear_session(free_memory=False)
    model = random_model(program, head)
    randomize(model)
    for share in (0.3, 0.9):
        assert largest_difference(model, share, seed=2) < 1e-9


@given(steps, heads)
@settings(max_examples=15, suppress_health_check=list(HealthCheck))
def test_random_graphs(program: Sequence[Step], head: str) -> None:
    check_random_model(program, head)


@pytest.mark.slow
@given(steps, heads)
@settings(max_examples=150, suppress_health_check=list(HealthCheck))
def test_many_random_graphs(program: Sequence[Step], head: str) -> None:
    check_random_model(program, head)


def test_the_comparison_notices_a_graph_that_merges_too_little() -> None:
    model = resnet_like()
    randomize(model)
    graph = build_graph(trace(model))
    # Let the two ends of the second residual sum go their own ways.
    lonely = np.arange(len(graph.roots))
    wrong = dataclasses.replace(graph, roots=lonely)
    kept = wrong.full_mask()
    [shortcut] = [w for w in graph.widths if w.operation.name == "b_shortcut"]
    kept[shortcut.ids[:4]] = False
    with pytest.raises((ModelError, ValueError)):
        remove(wrong, kept)


def test_the_comparison_notices_the_wrong_channel() -> None:
    model = resnet_like()
    randomize(model)
    graph = build_graph(trace(model))
    kept, other = graph.full_mask(), graph.full_mask()
    units = graph.pruning_groups[0].units
    kept[units[:4]] = False
    other[units[1:5]] = False
    images = np.random.default_rng(0).normal(size=(2, 8, 8, 3))
    found = np.asarray(remove(graph, kept)(images, training=False))
    assert np.allclose(found, outputs_with_zeros(graph, kept, images), rtol=1e-9)
    assert not np.allclose(found, outputs_with_zeros(graph, other, images), rtol=1e-2)


def test_smaller_model_saves_and_loads(tmp_path: Path) -> None:
    model = resnet_like()
    randomize(model)
    graph = build_graph(trace(model))
    smaller = remove(graph, drop_randomly(graph, 0.5, np.random.default_rng(0)))
    smaller.save(tmp_path / "smaller.keras")
    loaded = keras.models.load_model(tmp_path / "smaller.keras")
    images = np.random.default_rng(0).normal(size=(2, 8, 8, 3))
    np.testing.assert_array_equal(np.asarray(loaded(images)), np.asarray(smaller(images)))
