import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix, f1_score

from edgevision.errors import ImageSetError
from edgevision.predictions import Predictions
from edgevision.verify.documents import evaluation_document
from edgevision.verify.evaluation import evaluate, macro_f1_interval


def predictions(answers: list[int], labels: list[int] | None, classes: int = 4) -> Predictions:
    return Predictions(
        ids=tuple(str(index) for index in range(len(answers))),
        scores=np.eye(classes, dtype=np.float32)[answers],
        labels=None if labels is None else np.array(labels, np.int64),
    )


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=40))
def test_marks_are_those_of_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    answers, labels = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    evaluation = evaluate(predictions(answers, labels))
    expected = confusion_matrix(labels, answers, labels=[0, 1, 2, 3])
    assert (evaluation.confusion == expected).all()
    occurring = sorted({*answers, *labels})
    assert evaluation.macro_f1 == pytest.approx(
        f1_score(labels, answers, labels=occurring, average="macro", zero_division=0)
    )
    assert evaluation.top1.value == pytest.approx(np.mean(np.equal(answers, labels)))


def test_interval_holds_the_estimate_and_shrinks_with_images() -> None:
    few = evaluate(predictions([0, 1, 2, 3] * 5, [0, 1, 2, 2] * 5))
    many = evaluate(predictions([0, 1, 2, 3] * 100, [0, 1, 2, 2] * 100))
    for evaluation in (few, many):
        low, high = evaluation.macro_f1_interval
        assert low <= evaluation.macro_f1 <= high
    assert np.diff(many.macro_f1_interval) < np.diff(few.macro_f1_interval)


def test_interval_is_the_same_every_time() -> None:
    labels = np.arange(30) % 3
    answers = np.arange(30) % 2
    assert macro_f1_interval(labels, answers, 3) == macro_f1_interval(labels, answers, 3)


def test_unlabelled_images_cannot_be_marked() -> None:
    with pytest.raises(ImageSetError, match="no labels"):
        evaluate(predictions([0, 1], None))


def test_label_beyond_the_classes_is_an_image_set_error() -> None:
    with pytest.raises(ImageSetError, match="label 4, the model has 4 classes"):
        evaluate(predictions([0, 1], [0, 4]))


def test_document_is_json_with_the_cells_that_count() -> None:
    document = evaluation_document(evaluate(predictions([0, 1, 1], [0, 1, 2])))
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert document["confusion"] == [
        {"label": 0, "answer": 0, "count": 1},
        {"label": 1, "answer": 1, "count": 1},
        {"label": 2, "answer": 1, "count": 1},
    ]
