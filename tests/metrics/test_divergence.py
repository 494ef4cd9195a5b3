import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevision.metrics.divergence import (
    bernoulli_divergences,
    kl_divergences,
    mean_divergence,
    mean_kl,
    mean_root_bernoulli_kl,
    mean_root_kl,
)
from edgevision.metrics.probability import sigmoid, softmax, sum_to_one


def test_kl_is_zero_for_equals_and_finite_for_exact_zeros() -> None:
    p = np.array([[0.5, 0.5, 0.0]], np.float32)
    assert mean_kl(p, p) == pytest.approx(0, abs=1e-7)
    third = np.full((1, 3), 1 / 3, np.float32)
    assert mean_kl(np.nextafter(third, np.float32(1)), third) == 0  # and not -0.0000
    assert mean_kl(np.array([[1.0, 0.0, 0.0]], np.float32), p) == pytest.approx(
        0.5 * math.log(0.5) + 0.5 * (math.log(0.5) - math.log(1e-6)), rel=1e-5
    )


def test_independent_divergences_are_those_of_each_decision_added_up() -> None:
    ours = np.array([[0.5, 0.8]], np.float32)
    reference = np.array([[0.9, 0.8]], np.float32)
    expected = 0.9 * math.log(0.9 / 0.5) + 0.1 * math.log(0.1 / 0.5)
    assert bernoulli_divergences(ours, reference) == pytest.approx([expected], rel=1e-5)
    # Scaled to a sum of 1 they would be 0.385 and 0.615 against 0.529 and 0.471.
    assert kl_divergences(sum_to_one(ours), sum_to_one(reference)) != pytest.approx([expected])


def test_certain_decisions_are_finitely_far_apart() -> None:
    (found,) = bernoulli_divergences(
        np.array([[1.0]], np.float32), np.array([[0.0]], np.float32)
    ).tolist()
    assert found == pytest.approx(-math.log(1e-6))


@given(st.integers(1, 30), st.integers(1, 20), st.integers(0, 1000))
def test_equals_diverge_by_nothing_whatever_they_are(images: int, classes: int, seed: int) -> None:
    logits = np.random.default_rng(seed).normal(size=(images, classes)).astype(np.float32)
    for p, function in (
        (softmax(logits), kl_divergences),
        (sigmoid(logits), bernoulli_divergences),
    ):
        assert function(p, p) == pytest.approx(np.zeros(images), abs=1e-4)
    assert mean_root_kl(logits, logits) == 0
    assert mean_root_bernoulli_kl(logits, logits) == 0


def test_logits_diverge_as_their_probabilities_do() -> None:
    chance = np.random.default_rng(1)
    a, b = chance.normal(size=(2, 8, 5)).astype(np.float32)
    roots = np.sqrt(kl_divergences(softmax(b), softmax(a)))
    assert mean_root_kl(a, b) == pytest.approx(roots.mean(), rel=1e-4)
    roots = np.sqrt(bernoulli_divergences(sigmoid(b), sigmoid(a)))
    assert mean_root_bernoulli_kl(a, b) == pytest.approx(roots.mean(), rel=1e-4)


def test_large_sets_are_widened_in_parts_with_the_same_result() -> None:
    p = softmax(np.random.default_rng(2).normal(size=(2100, 1000)).astype(np.float32))
    q = p[::-1].copy()
    found = kl_divergences(q, p)
    assert found[-1] == pytest.approx(kl_divergences(q[-1:], p[-1:])[0])
    interval = mean_divergence(found[:50])
    assert interval.low is not None
    assert interval.high is not None
    assert 0 <= interval.low <= interval.value <= interval.high
