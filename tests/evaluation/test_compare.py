import json

import numpy as np
import pytest

from edgevision.dataset.annotation import ClassLabel
from edgevision.errors import ImageSetError
from edgevision.evaluation.collect import collect
from edgevision.evaluation.compare import compare
from edgevision.evaluation.document import comparison_document, evaluation_document
from edgevision.evaluation.evaluate import can_evaluate, evaluate
from edgevision.tasks.answers import Answers
from edgevision.tasks.registry import build_task
from edgevision.tasks.spec import TaskSpec
from tests.tasks.models import answers, model

CLASSIFIER = build_task(
    TaskSpec(kind="classification", labels=("cat", "dog", "fox")),
    model((1, 3), maker="softmax"),
)
NUMBERS = build_task(TaskSpec(kind="tensors"), model((1, 3)))


def asked(top1: list[int], labels: list[int] | None) -> Answers:
    scores = np.full((len(top1), 3), 0.1, np.float32)
    scores[np.arange(len(top1)), top1] = 0.8
    truth = None if labels is None else [ClassLabel(label) for label in labels]
    return answers(CLASSIFIER, scores, truth=truth)


def test_two_classifiers_are_marked_and_paired_where_there_is_truth() -> None:
    found = compare(CLASSIFIER, asked([0, 1, 1], [0, 1, 2]), asked([0, 1, 2], [0, 1, 2]))
    assert found.images == 3
    assert found.agreement.headline.estimate.hits == 2
    assert found.ours is not None
    assert found.reference is not None
    assert found.ours.headline.estimate.hits == 2
    assert found.reference.headline.estimate.hits == 3
    assert found.paired is not None
    assert found.paired.drop.value == pytest.approx(1 / 3)
    assert found.paired.class_drops[0].name == "fox"


def test_marks_of_the_reference_are_not_counted_twice() -> None:
    reference = asked([0, 1, 2], [0, 1, 2])
    evaluated = evaluate(CLASSIFIER, reference)
    assert compare(CLASSIFIER, reference, reference, evaluated=evaluated).reference is evaluated


def test_without_truth_only_agreement_remains() -> None:
    found = compare(CLASSIFIER, asked([0, 1], None), asked([0, 1], None))
    assert (found.ours, found.reference, found.paired) == (None, None, None)
    assert found.agreement.headline.estimate.value == 1
    document = comparison_document(found)
    assert (document["ours"], document["paired"]) == (None, None)


def test_numbers_beside_class_labels_are_compared_all_the_same() -> None:
    values = np.ones((2, 3), np.float32)
    found = answers(NUMBERS, values, truth=[ClassLabel(0), ClassLabel(1)])
    assert not can_evaluate(NUMBERS, found)
    document = comparison_document(compare(NUMBERS, found, found))
    # Equal outputs have no noise: their ratio has no bound, and JSON no word for it.
    assert document["agreement"]["metrics"]["worst_sqnr_db"]["value"] is None
    assert document["agreement"]["metrics"]["out0.max_error"]["value"] == 0
    json.dumps(document, allow_nan=False)


def test_other_images_other_shapes_and_no_images_are_refused() -> None:
    with pytest.raises(ValueError, match="same images"):
        compare(CLASSIFIER, asked([0], None), asked([0, 1], None))
    wide = build_task(TaskSpec(kind="tensors"), model((1, 5)))
    with pytest.raises(ValueError, match="one model answers with 3 values, the other with 5"):
        compare(NUMBERS, asked([0], None), answers(wide, np.zeros((1, 5))))
    none = collect(CLASSIFIER, [], ids=())
    with pytest.raises(ImageSetError, match="no images"):
        compare(CLASSIFIER, none, none)
    with pytest.raises(ImageSetError, match="no images"):
        evaluate(CLASSIFIER, none)


def test_the_json_of_an_evaluation() -> None:
    found = evaluate(CLASSIFIER, asked([0, 0, 1], [0, 1, 1]))
    document = json.loads(json.dumps(evaluation_document(found), allow_nan=False))
    assert list(document) == ["images", "headline", "metrics", "classes", "confusion"]
    assert document["headline"] == "top1"
    top1 = document["metrics"]["top1"]
    assert list(top1)[:5] == ["value", "low", "high", "hits", "count"]
    assert (top1["hits"], top1["count"], top1["unit"]) == (2, 3, "share")
    assert document["metrics"]["macro_f1"]["hits"] is None
    assert [row["name"] for row in document["classes"]] == ["cat", "dog"]
    assert document["classes"][0] == {
        "label": 0,
        "name": "cat",
        "support": 1,
        "precision": 0.5,
        "recall": 1.0,
        "f1": pytest.approx(2 / 3),
    }
    assert {"label": 1, "answer": 0, "count": 1} in document["confusion"]


def test_the_json_of_flips_is_a_gallery_of_the_surest() -> None:
    found = compare(CLASSIFIER, asked([1] * 40, None), asked([0] * 40, None))
    document = comparison_document(found)["agreement"]
    assert document["flip_count"] == 40
    assert len(document["flips"]) == 24
    assert document["flips"][0]["reference"]["text"] == "cat 0.80"
    assert len(comparison_document(found, most_flips=40)["agreement"]["flips"]) == 40
