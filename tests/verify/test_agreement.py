import numpy as np
import pytest

from edgevision.predictions import Predictions, as_probabilities
from edgevision.verify.agreement import compare
from edgevision.verify.documents import comparison_document


def answers(*classes: int, labels: list[int] | None = None, of: int = 3) -> Predictions:
    """Predictions that give each image's class 0.8, the others equal shares of the rest."""
    scores = np.full((len(classes), of), 0.2 / (of - 1), np.float32)
    scores[np.arange(len(classes)), classes] = 0.8
    return Predictions(
        ids=tuple(f"{index}.jpg" for index in range(len(classes))),
        scores=scores,
        labels=None if labels is None else np.array(labels, np.int64),
    )


def test_model_agrees_with_itself() -> None:
    model = answers(0, 1, 2)
    comparison = compare(model, model)
    assert comparison.agreement.value == 1
    assert comparison.mean_kl == pytest.approx(0)
    assert (comparison.top1, comparison.top5, comparison.class_drops) == (None, None, ())


def test_disagreement_is_counted_without_labels() -> None:
    comparison = compare(answers(0, 1, 2, 2), answers(0, 1, 2, 0))
    assert (comparison.agreement.hits, comparison.agreement.count) == (3, 4)
    # One image in four: 0.8 ln(0.8 / 0.1) + 0.1 ln(0.1 / 0.8).
    assert comparison.mean_kl == pytest.approx(0.7 * np.log(8) / 4, rel=1e-5)


def test_worst_class_comes_first() -> None:
    labels = [0, 0, 1, 1, 2]
    comparison = compare(
        answers(0, 1, 0, 0, 2, labels=labels), answers(0, 0, 1, 1, 0, labels=labels)
    )
    assert [(drop.label, drop.drop) for drop in comparison.class_drops] == [
        (1, 1.0),
        (0, 0.5),
        (2, -1.0),
    ]
    assert comparison.top1 is not None
    assert [rate.hits for rate in comparison.top1] == [2, 4]


def test_top5_says_nothing_of_five_classes() -> None:
    few, many = (answers(0, 1, labels=[0, 1], of=count) for count in (5, 6))
    assert compare(few, few).top5 is None
    assert compare(many, many).top5 is not None


def test_models_run_on_other_images_are_not_compared() -> None:
    with pytest.raises(ValueError, match="same images"):
        compare(answers(0), answers(0, 1))


def test_models_of_other_classes_are_not_compared() -> None:
    with pytest.raises(ValueError, match="classes"):
        compare(answers(0, of=3), answers(0, of=4))


def test_document_is_plain_json() -> None:
    labels = [0, 1]
    document = comparison_document(
        compare(answers(0, 1, labels=labels), answers(0, 0, labels=labels))
    )
    assert document["agreement"]["hits"] == 1
    assert document["top1"]["value"] == 0.5
    assert document["top5"] is None


def test_rounded_softmax_of_many_classes_is_not_taken_for_logits() -> None:
    # 1000 classes in steps of 1/256: most round to 0 and the row sums to 0.75, not to 1.
    scores = np.zeros((1, 1000), np.float32)
    scores[0, 0], scores[0, 1:65] = 0.5, 1 / 256
    assert as_probabilities(scores)[0, 0] == pytest.approx(0.5 / 0.75)


def test_row_of_zeros_becomes_even() -> None:
    assert as_probabilities(np.zeros((1, 4), np.float32))[0] == pytest.approx([0.25] * 4)
