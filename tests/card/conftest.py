from typing import Protocol

import pytest

from edgevision.card.card import Card
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.tasks.spec import TaskSpec
from edgevision.tflite.arithmetic import precision_of
from edgevision.tflite.facts import interface_of
from edgevision.tflite.read import read_model
from tests.tflite.conftest import float_model, uint8_model
from tests.tflite.models import LABELS, SIDE

__all__ = ["float_model", "uint8_model"]

UNIT = ImagePreprocessing(width=SIDE, height=SIDE, mean=(127.5,), std=(127.5,))


class CardOf(Protocol):
    def __call__(self, content: bytes, /) -> Card: ...


@pytest.fixture(scope="session")
def card_of() -> CardOf:
    """A fitting card for the bytes of a small classifier."""

    def make(content: bytes) -> Card:
        model = read_model(content)
        inputs, outputs = interface_of(model)
        # The uint8 build's input scale and zero point: its contract is the identity on pixels.
        preprocessing = UNIT
        if inputs[0].scale is not None:
            preprocessing = ImagePreprocessing(
                width=SIDE, height=SIDE, mean=(128.0,), std=(1 / inputs[0].scale,)
            )
        return Card(
            name="small",
            preprocessing=preprocessing,
            task=TaskSpec(kind="classification", labels=LABELS, activations=("softmax",)),
            precision=precision_of(model),
            inputs=inputs,
            outputs=outputs,
        )

    return make
