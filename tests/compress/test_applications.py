"""Removing channels from the architectures of keras.applications, with random weights."""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import pytest

from edgevision.compress.graph import build_graph
from edgevision.compress.removal import remove
from edgevision.compress.trace import trace
from tests.compress.models import drop_randomly, randomize
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


@pytest.fixture(autouse=True)
def _forget_models() -> Iterator[None]:
    yield
    keras.utils.clear_session(free_memory=True)


def untrained(name: str) -> Any:
    side = ARCHITECTURES[name]
    top = {"classes": 5, "classifier_activation": None}
    model = getattr(keras.applications, name)(weights=None, input_shape=(side, side, 3), **top)
    randomize(model)
    return model


@pytest.mark.usefixtures("_in_double_precision")
@pytest.mark.parametrize(
    "name", [n if n in FAST else pytest.param(n, marks=pytest.mark.slow) for n in ARCHITECTURES]
)
def test_removing_channels_gives_the_outputs_of_zeroing_them(name: str) -> None:
    model = untrained(name)
    graph = build_graph(trace(model))
    random = np.random.default_rng(1)
    kept = drop_randomly(graph, 0.4, random)
    images = random.uniform(0, 255, (2, *model.input_shape[1:]))

    smaller = remove(graph, kept)
    found = np.asarray(smaller(images))
    expected = outputs_with_zeros(graph, kept, images)

    scale = np.abs(expected).max()
    assert np.abs(found - expected).max() <= 1e-9 * scale
    # None of this would mean much if the channels made no difference.
    assert np.abs(np.asarray(model(images)) - expected).max() > 1e-3 * scale
    assert smaller.count_params() < 0.6 * model.count_params()


@pytest.mark.parametrize(
    "name", [n if n in FAST else pytest.param(n, marks=pytest.mark.slow) for n in ARCHITECTURES]
)
def test_every_channel_but_the_classes_can_go(name: str) -> None:
    model = untrained(name)
    widths = build_graph(trace(model)).layer_widths()
    staying = {width.layer for width in widths if width.removable < width.channels}
    assert staying == {widths[-1].layer}
    assert widths[-1].reasons == ("is an output of the model",)
