import numpy as np
import pytest

from edgevision.errors import ModelError
from edgevision.preprocess.image_preprocessing import ImagePreprocessing
from edgevision.runtime.predict import refuse_nan, scores_of
from edgevision.runtime.session import Session
from edgevision.tensors import FloatArray
from edgevision.tflite.serialize import serialize
from tests.quantize.builder import Builder

SIDE = 4
PREPROCESSING = ImagePreprocessing(width=SIDE, height=SIDE, mean=(127.5,), std=(1.0,))
DARK, BRIGHT = (np.full((SIDE, SIDE, 3), value, np.uint8) for value in (127, 128))


def one_output(last: str) -> bytes:
    """The mean of all pixels, through the operator `last` when it names one."""
    b = Builder((1, SIDE, SIDE, 3))
    x = b.dense(b.mean(b.graph.inputs[0]), np.full((1, 3), 1 / 3), np.zeros(1))
    return serialize(b.finish(b.op(last, [x], (1, 1)) if last else x))


def scores(model: bytes) -> FloatArray:
    with Session(model) as session:
        return scores_of(session, PREPROCESSING, [DARK, BRIGHT])


def test_one_sigmoid_output_is_the_probability_of_the_second_class() -> None:
    found = scores(one_output("LOGISTIC"))
    p = 1 / (1 + np.exp(0.5))
    assert found == pytest.approx(np.array([[1 - p, p], [p, 1 - p]]), abs=1e-4)


def test_one_output_without_sigmoid_is_a_logit_and_its_threshold_is_zero() -> None:
    # The logits -0.5 and 0.5: as probabilities, with the threshold 0.5, both would be "no".
    assert scores(one_output("")) == pytest.approx(scores(one_output("LOGISTIC")), abs=1e-4)


def test_a_large_logit_does_not_overflow() -> None:
    far = ImagePreprocessing(width=SIDE, height=SIDE, mean=(0.0,), std=(0.01,))
    with Session(one_output("")) as session:
        assert scores_of(session, far, [BRIGHT]).tolist() == [[0, 1]]


def test_no_images_give_no_rows_of_as_many_classes() -> None:
    with Session(one_output("LOGISTIC")) as session:
        assert scores_of(session, PREPROCESSING, []).shape == (0, 2)


def test_a_map_of_scores_is_no_row_of_classes() -> None:
    b = Builder((1, SIDE, SIDE, 3))
    model = serialize(b.finish(b.op("LOGISTIC", [0], (1, SIDE, SIDE, 3))))
    with pytest.raises(ModelError, match="shape 1x4x4x3, not one score for each") as found:
        scores(model)
    assert "edgevision convert" in found.value.hint


def test_two_outputs_are_no_classifier() -> None:
    b = Builder((1, SIDE, SIDE, 3))
    x = b.mean(b.graph.inputs[0])
    with pytest.raises(ModelError, match="1 and 2"):
        scores(serialize(b.finish(x, b.op("LOGISTIC", [x], (1, 3)))))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_an_answer_that_is_no_number_names_the_image(value: float) -> None:
    rows = np.zeros((3, 2), np.float32)
    rows[1, 0] = value
    with pytest.raises(ModelError, match=r"answers b\.png with"):
        refuse_nan(rows, ("a.png", "b.png", "c.png"))


def test_numbers_are_answers() -> None:
    refuse_nan(np.array([[-1e30, 1e30]], np.float32), ("a.png",))
