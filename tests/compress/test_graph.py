"""What the dependency graph says about single operations."""

from typing import Any

import keras
import numpy as np
import pytest

from edgevision.compress.graph.channel_graph import ChannelGraph, build_graph
from edgevision.compress.graph.removal import remove
from edgevision.compress.graph.trace import trace
from edgevision.errors import ModelError, UsageError
from tests.compress.models import resnet_like
from tests.compress.random_models import Blend

layers = keras.layers


def graph_of(*tail: Any, side: int = 8) -> ChannelGraph:
    """Of a convolution with 8 channels, called "first", and what follows it."""
    image = keras.Input((side, side, 3))
    x = layers.Conv2D(8, 3, padding="same", name="first")(image)
    for layer in tail:
        x = layer(x)
    x = layers.Dense(2, name="head")(layers.GlobalAveragePooling2D()(x))
    return build_graph(trace(keras.Model(image, x)))


def reason_first_stays(*tail: Any) -> str:
    width = graph_of(*tail).layer_widths()[0]
    assert (width.layer, width.removable) == ("first", 0)
    return "; ".join(width.reasons)


def test_channels_added_to_each_other_share_a_space() -> None:
    graph = build_graph(trace(resnet_like()))
    together = {
        frozenset(pruning_group.layers): len(pruning_group.units)
        for pruning_group in graph.pruning_groups
    }
    assert together == {
        frozenset({"stem", "a_conv2"}): 16,
        frozenset({"a_conv1"}): 16,
        frozenset({"b_conv1"}): 32,
        frozenset({"b_shortcut", "b_conv2"}): 32,
    }


def test_every_dense_input_after_flatten_belongs_to_its_channel() -> None:
    image = keras.Input((3, 2, 3))
    x = layers.Conv2D(4, 1, name="conv")(image)
    dense = layers.Dense(5, name="wide")
    x = layers.Dense(2, name="head")(dense(layers.Flatten()(x)))
    graph = build_graph(trace(keras.Model(image, x)))
    [rows] = [s.ids for s in graph.weight_axes if s.operation is dense and s.role == "in"]
    [conv] = [w.ids for w in graph.widths if w.operation.name == "conv"]
    np.testing.assert_array_equal(rows, np.tile(conv, 6))


def test_concatenated_then_added_channels_form_one_space_for_each_layer_pair() -> None:
    image = keras.Input((4, 4, 3))
    left = layers.Conv2D(8, 1, name="left")(image)
    right = layers.Conv2D(16, 1, name="right")(image)
    both = layers.Conv2D(24, 1, name="both")(image)
    x = layers.Add()([layers.Concatenate()([left, right]), both])
    x = layers.Dense(2)(layers.GlobalMaxPooling2D()(x))
    graph = build_graph(trace(keras.Model(image, x)))
    assert {(s.layers, len(s.units)) for s in graph.pruning_groups} == {
        (("left", "both"), 8),
        (("right", "both"), 16),
    }


def test_a_layer_we_do_not_know_keeps_what_it_reads() -> None:
    assert reason_first_stays(Blend(name="mine")) == "feeds mine (Blend), which is not known here"


def test_a_subclass_of_a_known_layer_is_not_known() -> None:
    class Mine(keras.layers.Conv2D):  # type: ignore[misc] # Keras is untyped
        def call(self, x: Any) -> Any:
            return super().call(keras.ops.flip(x, axis=-1))

    assert "mine (Mine), which is not known" in reason_first_stays(Mine(4, 1, name="mine"))


def test_softmax_over_channels_keeps_them_and_over_rows_does_not() -> None:
    assert "mixes the channels" in reason_first_stays(layers.Softmax())
    assert graph_of(layers.Softmax(axis=1)).layer_widths()[0].removable == 8


def test_an_activation_of_the_users_own_keeps_the_channels() -> None:
    reason = reason_first_stays(layers.Activation(lambda x: x - keras.ops.mean(x, -1, True)))
    assert "mixes the channels" in reason


def test_group_normalization_with_one_group_keeps_the_channels() -> None:
    assert "one group for all" in reason_first_stays(layers.GroupNormalization(1))


def test_group_normalization_removes_whole_groups() -> None:
    graph = graph_of(layers.GroupNormalization(4))
    assert [len(pruning_group.units) for pruning_group in graph.pruning_groups] == [4]
    assert graph.pruning_groups[0].multiplicity == (2,)
    kept = graph.full_mask()
    kept[graph.pruning_groups[0].units[1]] = False
    smaller = remove(graph, kept)
    [normalization] = [x for x in smaller.layers if isinstance(x, layers.GroupNormalization)]
    assert normalization.groups == 3


def test_channels_spread_over_several_axes_stay() -> None:
    assert "spreads the channels over several axes" in reason_first_stays(
        layers.Reshape((8, 8, 2, 4)), layers.Permute((1, 2, 4, 3)), layers.Reshape((8, 8, 8))
    )


def test_a_map_that_gates_all_channels_stays() -> None:
    image = keras.Input((4, 4, 3))
    x = layers.Conv2D(8, 1, name="first")(image)
    gate = layers.Conv2D(1, 1, activation="sigmoid", name="gate")(x)
    x = layers.Dense(2)(layers.GlobalMaxPooling2D()(layers.Multiply()([x, gate])))
    widths = {w.layer: w for w in build_graph(trace(keras.Model(image, x))).layer_widths()}
    assert widths["first"].removable == 8
    assert widths["gate"].removable == 0


def test_frozen_nested_model_comes_out_flat_and_in_inference_mode() -> None:
    inner = keras.Sequential(
        [keras.Input((None, None, 3)), layers.Conv2D(8, 3), layers.BatchNormalization()]
    )
    image = keras.Input((8, 8, 3))
    x = layers.Dense(2)(layers.Flatten()(inner(image, training=False)))
    model = keras.Model(image, x)
    traced = trace(model)
    [normalize] = [c for c in traced.calls if isinstance(c.operation, layers.BatchNormalization)]
    assert normalize.kwargs["training"] is False
    assert normalize.outputs[0].shape == (None, 6, 6, 8)
    graph = build_graph(traced)
    assert not any(isinstance(x, keras.Model) for x in remove(graph, graph.full_mask()).layers)


def test_a_nested_model_used_twice_keeps_sharing_its_weights() -> None:
    inner = keras.Sequential([keras.Input((4, 4, 3)), layers.Conv2D(8, 1, name="shared")])
    one, two = keras.Input((4, 4, 3)), keras.Input((4, 4, 3))
    pooled = [layers.GlobalMaxPooling2D()(inner(x)) for x in (one, two)]
    model = keras.Model([one, two], layers.Dense(2)(layers.Concatenate()(pooled)))
    graph = build_graph(trace(model))
    kept = graph.full_mask()
    kept[graph.pruning_groups[0].units[:3]] = False
    smaller = remove(graph, kept)
    assert [x.filters for x in smaller.layers if isinstance(x, layers.Conv2D)] == [5]
    assert smaller.layers[-1].kernel.shape == (10, 2)


def test_keeping_layers_by_pattern() -> None:
    graph = build_graph(trace(resnet_like()), keep=["a_*"])
    widths = {w.layer: w for w in graph.layer_widths()}
    assert widths["a_conv1"].removable == widths["a_conv2"].removable == 0
    # The stem is added to a_conv2, so it has to stay as well, for the same reason.
    assert widths["stem"].reasons == ("kept because it matches a_*",)
    assert widths["b_conv1"].removable == 32


def test_a_pattern_that_matches_nothing_is_an_error() -> None:
    with pytest.raises(UsageError, match="layer_7") as caught:
        build_graph(trace(resnet_like()), keep=["layer_7"])
    assert "stem" in caught.value.hint


def test_dict_inputs_and_outputs_keep_their_names() -> None:
    image = keras.Input((4, 4, 3), name="photo")
    x = layers.GlobalMaxPooling2D()(layers.Conv2D(8, 1)(image))
    model = keras.Model({"photo": image}, {"a": layers.Dense(2)(x), "b": layers.Dense(3)(x)})
    graph = build_graph(trace(model))
    answer = remove(graph, graph.full_mask())({"photo": np.zeros((1, 4, 4, 3))})
    assert {name: value.shape for name, value in answer.items()} == {"a": (1, 2), "b": (1, 3)}


def test_a_subclassed_model_is_refused() -> None:
    class Mine(keras.Model):  # type: ignore[misc] # Keras is untyped
        def call(self, x: Any) -> Any:
            return x

    with pytest.raises(ModelError, match="keeps no graph"):
        trace(Mine())


def test_a_sequential_model_without_a_shape_is_refused() -> None:
    with pytest.raises(ModelError, match="no input shape"):
        trace(keras.Sequential([layers.Dense(2)]))


def test_dropout_falls_with_the_channels_left() -> None:
    graph = graph_of(layers.Dropout(0.4, name="dropout"))
    kept = graph.full_mask()
    kept[graph.pruning_groups[0].units[:2]] = False
    assert remove(graph, kept).get_layer("dropout").rate == pytest.approx(0.3)
    assert remove(graph, graph.full_mask()).get_layer("dropout").rate == 0.4


def test_channels_first_models_count_channels_along_the_second_axis() -> None:
    first = {"data_format": "channels_first"}
    image = keras.Input((3, 8, 8))
    x = layers.Conv2D(8, 3, padding="same", name="conv", **first)(image)
    x = layers.BatchNormalization(axis=1)(x)
    x = layers.DepthwiseConv2D(3, depth_multiplier=2, **first)(layers.ReLU()(x))
    x = layers.GlobalAveragePooling2D(**first)(x)
    graph = build_graph(trace(keras.Model(image, layers.Dense(2, name="head")(x))))
    kept = graph.full_mask()
    kept[graph.pruning_groups[0].units[:3]] = False
    smaller = remove(graph, kept)
    assert smaller.get_layer("conv").filters == 5
    assert smaller.get_layer("head").kernel.shape == (10, 2)


def test_one_dropout_layer_used_at_two_widths_keeps_what_it_drops() -> None:
    dropout = layers.Dropout(0.3, name="dropout")
    graph = graph_of(dropout, layers.Conv2D(6, 1, name="second"), dropout)
    widths = {w.layer: w for w in graph.layer_widths()}
    assert widths["first"].removable == widths["second"].removable == 0
    assert "cannot shrink alike" in widths["first"].reasons[0]
