"""Removing channels from the architectures of keras.applications, with random weights."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import pytest

from edgevision.compress.graph.channel_graph import ChannelGraph, build_graph
from edgevision.compress.graph.removal import remove
from edgevision.compress.graph.trace import trace
from tests.compress.models import double_precision, drop_randomly, randomize
from tests.compress.replay import outputs_with_zeros

# Input sides are the smallest that the architecture takes and that leave several pixels on the
# way, so that padding and pooling are exercised.
ARCHITECTURES = {
    "VGG16": 32,
    "ResNet50": 32,
    "ResNet50V2": 32,
    "MobileNet": 32,
    "MobileNetV2": 32,
    "MobileNetV3Small": 32,
    "MobileNetV3Large": 32,
    "EfficientNetB0": 32,
    "EfficientNetV2B0": 32,
    "DenseNet121": 32,
    "NASNetMobile": 32,
    "Xception": 71,
    "InceptionV3": 75,
    "InceptionResNetV2": 75,
    "ConvNeXtTiny": 32,
}
FAST = {"MobileNetV2", "MobileNetV3Small"}


@dataclass(frozen=True, slots=True)
class Untrained:
    """An architecture with random weights in double precision, and its graph."""

    model: Any
    graph: ChannelGraph


@pytest.fixture(
    scope="module",
    params=[n if n in FAST else pytest.param(n, marks=pytest.mark.slow) for n in ARCHITECTURES],
)
def untrained(request: pytest.FixtureRequest) -> Iterator[Untrained]:
    side = ARCHITECTURES[request.param]
    with double_precision():
        model = getattr(keras.applications, request.param)(
            weights=None, input_shape=(side, side, 3), classes=5, classifier_activation=None
        )
        randomize(model)
        yield Untrained(model, build_graph(trace(model)))
    keras.utils.clear_session(free_memory=True)


def test_removing_channels_gives_the_outputs_of_zeroing_them(untrained: Untrained) -> None:
    model, graph = untrained.model, untrained.graph
    random = np.random.default_rng(1)
    kept = drop_randomly(graph, 0.4, random)
    images = random.uniform(0, 255, (2, *model.input_shape[1:]))

    smaller = remove(graph, kept)
    found = np.asarray(smaller(images, training=False))
    expected = outputs_with_zeros(graph, kept, images)

    scale = np.abs(expected).max()
    assert np.abs(found - expected).max() <= 1e-9 * scale
    # None of this would mean much if the channels made no difference.
    assert np.abs(np.asarray(model(images, training=False)) - expected).max() > 1e-3 * scale
    assert smaller.count_params() < 0.6 * model.count_params()


def test_every_channel_but_the_classes_can_go(untrained: Untrained) -> None:
    widths = untrained.graph.layer_widths()
    staying = {width.layer for width in widths if width.removable < width.channels}
    assert staying == {widths[-1].layer}
    assert widths[-1].reasons == ("is an output of the model",)
