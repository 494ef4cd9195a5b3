import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from edgevision.quantize.correct.gptq import (
    gptq,
    gptq_each,
    output_error,
)


def test_independent_inputs_round_to_the_nearest() -> None:
    weights = np.asarray([[0.4, 1.6, -2.4], [0.6, -0.6, 3.3]])
    rounded = gptq(weights, np.eye(3), np.ones(2))
    np.testing.assert_array_equal(rounded, [[0, 2, -2], [1, -1, 3]])


def test_equal_inputs_share_their_error() -> None:
    # Two inputs that always agree: 0.4 + 0.4 is best written as 1 + 0, not 0 + 0.
    rounded = gptq(np.asarray([[0.4, 0.4]]), np.ones((2, 2)), np.ones(1))
    assert rounded.sum() == 1


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.integers(2, 90))
def test_no_output_is_worse_than_with_the_nearest_integers(seed: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    weights = rng.normal(0, 1, (5, size))
    inputs = rng.normal(0, 1, (4 * size, size)) @ rng.normal(0, 1, (size, size))
    gram = inputs.T @ inputs / len(inputs)
    scale = np.abs(weights).max(axis=1) / 127
    nearest = np.clip(np.rint(weights / scale[:, None]), -127, 127) * scale[:, None]
    careful = gptq(weights, gram, scale) * scale[:, None]
    before = output_error(weights - nearest, gram)
    after = output_error(weights - careful, gram)
    assert (after <= before * (1 + 1e-9) + 1e-12).all()


def test_outputs_of_correlated_inputs_are_mostly_better() -> None:
    rng = np.random.default_rng(1)
    weights = rng.normal(0, 1, (20, 60))
    inputs = rng.normal(0, 1, (400, 8)) @ rng.normal(0, 1, (8, 60))
    gram = inputs.T @ inputs / len(inputs)
    scale = np.abs(weights).max(axis=1) / 127
    nearest = np.rint(weights / scale[:, None]) * scale[:, None]
    careful = gptq(weights, gram, scale) * scale[:, None]
    assert (
        output_error(weights - careful, gram).sum()
        < 0.5 * output_error(weights - nearest, gram).sum()
    )


def test_all_at_once_is_the_same_as_one_by_one() -> None:
    rng = np.random.default_rng(4)
    weights, inputs = rng.normal(0, 1, (6, 9)), rng.normal(0, 1, (6, 50, 9))
    grams = inputs.transpose(0, 2, 1) @ inputs
    scale = np.abs(weights).max(axis=1) / 127
    together = gptq_each(weights, grams, scale)
    for at in range(6):
        alone = gptq(weights[at : at + 1], grams[at], scale[at : at + 1])
        np.testing.assert_array_equal(together[at], alone[0])


def test_integers_stay_in_range() -> None:
    rng = np.random.default_rng(0)
    weights = rng.normal(0, 1, (3, 40))
    inputs = rng.normal(0, 1, (60, 1)) @ np.ones((1, 40))
    rounded = gptq(weights, inputs.T @ inputs, np.abs(weights).max(axis=1) / 127)
    assert np.abs(rounded.astype(int)).max() <= 127


def test_inputs_that_are_always_zero_do_no_harm() -> None:
    weights = np.asarray([[0.3, -0.7]])
    rounded = gptq(weights, np.zeros((2, 2)), np.full(1, 0.1))
    np.testing.assert_array_equal(rounded, [[3, -7]])
