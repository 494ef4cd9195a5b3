import numpy as np
import pytest

from edgevision.predictions import Predictions
from edgevision.verify.flips import flips_of


def predictions(*rows: tuple[float, ...], labels: tuple[int, ...] | None = None) -> Predictions:
    return Predictions(
        ids=tuple(f"{at}.jpg" for at in range(len(rows))),
        scores=np.asarray(rows, np.float32),
        labels=None if labels is None else np.asarray(labels),
    )


def test_flip_has_both_answers_and_both_probabilities() -> None:
    before = predictions((0.6, 0.3, 0.1), (0.1, 0.8, 0.1), labels=(0, 1))
    after = predictions((0.2, 0.7, 0.1), (0.1, 0.6, 0.3), labels=(0, 1))
    (flip,) = flips_of(before, after)
    assert (flip.id, flip.truth) == ("0.jpg", 0)
    assert (flip.original.label, flip.quantized.label) == (0, 1)
    figures = (
        flip.original.probability,
        flip.original.probability_of_other,
        flip.quantized.probability,
        flip.quantized.probability_of_other,
    )
    assert figures == pytest.approx((0.6, 0.3, 0.7, 0.2))


def test_surest_answers_come_first() -> None:
    before = predictions((0.55, 0.45), (0.9, 0.1), (0.7, 0.3))
    after = predictions((0.4, 0.6), (0.4, 0.6), (0.4, 0.6))
    assert [flip.id for flip in flips_of(before, after)] == ["1.jpg", "2.jpg", "0.jpg"]
    assert flips_of(before, after)[0].truth is None


def test_models_that_agree_have_no_flips() -> None:
    assert flips_of(predictions((0.6, 0.4)), predictions((0.9, 0.1))) == ()


def test_other_classes_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="other classes"):
        flips_of(predictions((0.6, 0.4)), predictions((0.6, 0.3, 0.1)))
