import numpy as np
import pytest

from edgevision.errors import ModelError
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.runtime.predict import outputs_of
from edgevision.runtime.session import Session
from edgevision.runtime.session_pool import SessionPool
from edgevision.tasks.interface import FrameSize, Outputs
from edgevision.tflite.serialize import serialize
from tests.quantize.builder import Builder

SIDE = 4
PREPROCESSING = ImagePreprocessing(width=SIDE, height=SIDE, mean=(127.5,), std=(1.0,))
DARK, BRIGHT = (np.full((SIDE, SIDE, 3), value, np.uint8) for value in (127, 128))
SMALL, LARGE = FrameSize(width=8, height=6), FrameSize(width=800, height=600)


def outputs(model: bytes) -> list[tuple[Outputs, FrameSize]]:
    with Session(model) as session:
        return list(outputs_of(session, PREPROCESSING, [(DARK, SMALL), (BRIGHT, LARGE)]))


def mean_and_map() -> bytes:
    """The mean of all pixels, and all of them."""
    b = Builder((1, SIDE, SIDE, 3))
    mean = b.dense(b.mean(b.graph.inputs[0]), np.full((1, 3), 1 / 3), np.zeros(1))
    return serialize(b.finish(mean, b.op("LOGISTIC", [0], (1, SIDE, SIDE, 3))))


def test_every_output_is_given_as_it_is_without_its_batch_axis() -> None:
    (dark, frame), (bright, other) = outputs(mean_and_map())
    assert (frame, other) == (SMALL, LARGE)
    assert [one.shape for one in dark] == [(1,), (SIDE, SIDE, 3)]
    assert dark[0] == pytest.approx(-0.5, abs=1e-4)
    assert bright[0] == pytest.approx(0.5, abs=1e-4)
    assert bright[1] == pytest.approx(np.full((SIDE, SIDE, 3), 1 / (1 + np.exp(-0.5))), abs=1e-4)


def test_several_sessions_answer_in_the_pictures_order() -> None:
    pictures = [(DARK, SMALL), (BRIGHT, LARGE)] * 5
    with SessionPool(mean_and_map(), sessions=2) as pool:
        found = list(outputs_of(pool, PREPROCESSING, pictures))
    assert [float(one[0][0]) < 0 for one, _ in found] == [True, False] * 5


def test_no_pictures_give_no_outputs() -> None:
    with Session(mean_and_map()) as session:
        assert list(outputs_of(session, PREPROCESSING, [])) == []


def test_a_model_of_two_inputs_is_refused_in_words() -> None:
    b = Builder((1, SIDE, SIDE, 3), (1, SIDE, SIDE, 3))
    model = serialize(b.finish(b.binary("ADD", 0, 1)))
    with pytest.raises(ModelError, match="one input; this model has 2"):
        outputs(model)
