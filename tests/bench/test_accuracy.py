import math

import numpy as np
import pytest

from edgevision.bench.results.accuracy import accuracy_of, change_between, images_to_see, mcnemar
from edgevision.predictions import Predictions


def answers(
    top1: list[int], labels: list[int] | None, classes: int = 4, sure: float = 0.7
) -> Predictions:
    scores = np.full((len(top1), classes), (1 - sure) / (classes - 1), np.float32)
    scores[np.arange(len(top1)), top1] = sure
    return Predictions(
        ids=tuple(f"{index}.jpg" for index in range(len(top1))),
        scores=scores,
        labels=None if labels is None else np.array(labels, np.int64),
    )


def test_mcnemar_is_the_binomial_test_at_one_half() -> None:
    assert mcnemar(0, 0) == 1.0
    assert mcnemar(5, 5) == 1.0
    # Both tails of 0 or 1 heads in 10 throws: 2 times 11 of 1024.
    assert mcnemar(9, 1) == pytest.approx(22 / 1024)
    assert mcnemar(1, 9) == mcnemar(9, 1)


def test_images_needed_to_see_a_point() -> None:
    # (1.96 sqrt(d) + 0.84 sqrt(d - 0.0001))^2 / 0.0001 at d = 0.05.
    assert images_to_see(0.05) == pytest.approx(3922, abs=5)
    assert images_to_see(0.2) > images_to_see(0.05) > images_to_see(0.01)  # type: ignore[operator]
    assert images_to_see(0.0) is None


def test_that_many_images_do_show_it_four_times_in_five() -> None:
    count = images_to_see(0.06)
    assert count is not None
    chance = np.random.default_rng(3)
    # 3.5 % lost, 2.5 % won: one point of drop among 6 % that differ.
    draws = chance.multinomial(count, [0.035, 0.025, 0.94], size=400)
    seen = np.mean([mcnemar(int(lost), int(won)) < 0.05 for lost, won, _ in draws])
    assert 0.7 <= seen <= 0.9


def test_accuracy_has_its_interval_and_no_top_5_of_four_classes() -> None:
    found = accuracy_of(answers([0, 1, 2, 3, 0, 0, 0, 0], [0, 1, 2, 3, 1, 0, 0, 0]))
    assert found.top1 is not None
    assert found.top1.value == 7 / 8
    assert found.top1.low < 7 / 8 < found.top1.high
    assert found.top5 is None
    assert found.confusion is not None
    assert found.confusion[1][0] == 1
    assert found.macro_f1 is not None
    assert found.macro_f1.low <= found.macro_f1.value <= found.macro_f1.high


def test_without_labels_only_agreement_remains() -> None:
    before, after = answers([0, 1, 2, 3], None), answers([0, 1, 2, 2], None)
    assert accuracy_of(after).top1 is None
    change = change_between("float", before, after)
    assert change.agreement.value == 0.75
    assert (change.drop, change.p_value, change.images_for_a_point) == (None, None, None)
    assert [flip.id for flip in change.flips] == ["3.jpg"]
    assert change.flips[0].label is None


def test_the_drop_is_paired_and_classes_that_lost_are_named() -> None:
    labels = [0] * 50 + [1] * 50
    before = answers(labels, labels)
    after = answers([0] * 50 + [1] * 40 + [0] * 10, labels)
    change = change_between("float", before, after)
    assert change.drop is not None
    assert change.drop.value == pytest.approx(0.10)
    assert 0 < change.drop.low < 0.10 < change.drop.high < 0.2
    assert change.p_value == pytest.approx(2 / 2**10)
    (worst,) = change.class_drops
    assert (worst.label, worst.images, worst.recall_before) == (1, 50, 1.0)
    assert worst.drop == pytest.approx(0.2)


def test_equal_models_drop_nothing_with_an_interval_of_nothing() -> None:
    same = answers([0, 1, 2, 3], [0, 1, 2, 0])
    change = change_between("float", same, same)
    assert change.drop is not None
    assert (change.drop.value, change.drop.low, change.drop.high) == (0, 0, 0)
    assert change.p_value == 1.0
    assert change.images_for_a_point is None
    assert math.isclose(change.mean_kl, 0, abs_tol=1e-6)
    assert change.flips == ()


def test_different_images_are_refused() -> None:
    with pytest.raises(ValueError, match="same images"):
        change_between("a", answers([0], None), answers([0, 1], None))
