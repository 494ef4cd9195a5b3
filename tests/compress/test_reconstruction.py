"""Refitting what is left to what the original put out."""

from typing import Any

import keras
import numpy as np
import pytest

from edgevision.compress.graph.channel_graph import build_graph
from edgevision.compress.graph.removal import remove
from edgevision.compress.graph.trace import trace
from edgevision.compress.importance.reconstruction import _patches, reconstruct
from edgevision.compress.plan import PruningPlan, Target
from edgevision.compress.prune import prune
from tests.compress.models import drop_randomly, randomize, resnet_like

layers = keras.layers


def error_between(one: Any, other: Any, images: np.ndarray) -> float:
    difference = np.asarray(one(images)) - np.asarray(other(images))
    return float((difference**2).mean() / np.asarray(other(images)).var())


def images(count: int = 256, seed: int = 0, side: int = 8) -> np.ndarray:
    random = np.random.default_rng(seed)
    return random.normal(size=(count, side, side, 3)).astype(np.float32)


def test_other_images_are_answered_more_like_the_original() -> None:
    model = resnet_like()
    randomize(model)
    plan = PruningPlan(target=Target(measure="channels", fraction=0.3), round_to=1)
    plain = prune(model, plan).model
    refitted = prune(model, plan, refit_on=images()).model
    unseen = images(seed=1)
    assert error_between(refitted, model, unseen) < 0.3 * error_between(plain, model, unseen)


def test_channels_that_repeat_others_are_made_up_for_completely() -> None:
    image = keras.Input((8, 8, 3))
    x = layers.Conv2D(8, 3, padding="same", activation="relu", name="twins")(image)
    x = layers.Conv2D(6, 3, 2, padding="same", activation="relu", name="reader")(x)
    model = keras.Model(image, layers.Dense(4)(layers.GlobalAveragePooling2D()(x)))
    randomize(model)
    kernel, bias = model.get_layer("twins").get_weights()
    kernel[..., 4:], bias[4:] = kernel[..., :4], bias[:4]
    model.get_layer("twins").set_weights([kernel, bias])
    graph = build_graph(trace(model))
    kept = graph.full_mask()
    [twins] = [w.ids for w in graph.widths if w.operation.name == "twins"]
    kept[twins[4:]] = False
    smaller = remove(graph, kept)
    assert error_between(smaller, model, images(seed=1)) > 0.1
    reconstruct(graph, kept, smaller, images())
    assert error_between(smaller, model, images(seed=1)) < 1e-4


def test_nothing_removed_leaves_the_weights_as_they_are() -> None:
    model = resnet_like()
    randomize(model)
    graph = build_graph(trace(model))
    same = remove(graph, graph.full_mask())
    reconstruct(graph, graph.full_mask(), same, images(64))
    for old, new in zip(model.weights, same.weights, strict=True):
        np.testing.assert_allclose(np.asarray(new), np.asarray(old), atol=2e-4)


def test_the_original_keeps_its_weights_and_activations() -> None:
    model = resnet_like()
    before = [np.asarray(weight) for weight in model.weights]
    activations = [getattr(layer, "activation", None) for layer in model.layers]
    graph = build_graph(trace(model))
    kept = drop_randomly(graph, 0.5, np.random.default_rng(0))
    reconstruct(graph, kept, remove(graph, kept), images(16))
    for old, new in zip(before, model.weights, strict=True):
        np.testing.assert_array_equal(old, np.asarray(new))
    assert [getattr(layer, "activation", None) for layer in model.layers] == activations


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize(("strides", "dilation"), [(1, 1), (2, 1), (3, 1), (1, 2)])
@pytest.mark.parametrize("size", [1, 2, 3])
def test_patches_times_kernel_is_the_convolution(
    padding: str, strides: int, dilation: int, size: int
) -> None:
    layer = layers.Conv2D(5, size, strides, padding=padding, dilation_rate=dilation)
    x = images(2, side=9)
    wanted = np.asarray(layer(x))
    chosen, patches = _patches(layer, x, wanted.shape, np.random.default_rng(0))
    found = patches @ np.asarray(layer.kernel).reshape(-1, 5)
    np.testing.assert_allclose(found, wanted.reshape(-1, 5)[chosen], atol=1e-5)


def test_a_layer_too_wide_for_its_gram_matrix_is_left_as_cut_and_named() -> None:
    image = keras.Input((20, 20, 3))
    x = layers.Conv2D(32, 3, padding="same", activation="relu", name="first")(image)
    x = layers.Conv2D(20, 3, padding="same", activation="relu", name="second")(x)
    model = keras.Model(image, layers.Dense(2, name="wide")(layers.Flatten()(x)))
    randomize(model)
    plan = PruningPlan(target=Target(measure="channels", fraction=0.2), round_to=1)
    plain = prune(model, plan)
    assert plain.warnings == ()
    refitted = prune(model, plan, refit_on=images(16, side=20))
    [warning] = refitted.warnings
    assert warning.startswith(
        "wide reads 6400 numbers and was not refitted, which would take 0.3 GB"
    )
    one, other = plain.model.get_layer("wide"), refitted.model.get_layer("wide")
    assert np.array_equal(one.kernel, other.kernel)
    second = plain.model.get_layer("second"), refitted.model.get_layer("second")
    assert not np.array_equal(second[0].kernel, second[1].kernel)
