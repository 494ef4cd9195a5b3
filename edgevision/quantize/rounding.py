"""Rounding weights so that a layer's output, not each weight, is nearest to the float one.

Source: Frantar et al. 2022 (GPTQ), https://arxiv.org/abs/2210.17323, after Hassibi & Stork 1993
(Optimal Brain Surgeon): the error of each rounded weight is made good by those not rounded yet.
"""

import numpy as np
from numpy.typing import NDArray

DAMPING = 0.01
"""Added to the Gram matrix, as a fraction of its mean diagonal, so that unseen inputs do not let
weights wander; the paper's value."""

_BLOCK = 64
"""Columns rounded before the rest is updated at once: one matrix product instead of 64."""


def round_with_feedback(
    weights: NDArray[np.floating], gram: NDArray[np.floating], scale: NDArray[np.floating]
) -> NDArray[np.int8]:
    """Integers in -127..127 with which `weights` gives nearly the same outputs.

    No output changes by more than with each weight rounded by itself.

    Args:
        weights: (outputs, inputs).
        gram: (inputs, inputs), mean of x x^T over what the layer sees, means taken out: what a
            mean input contributes is the bias's to correct.
        scale: (outputs,), real = scale * integer.
    """
    order = np.argsort(-np.diag(gram), kind="stable")
    work: NDArray[np.float64] = weights.astype(np.float64)[:, order]
    step = scale.astype(np.float64)[:, None]
    hessian = gram.astype(np.float64)[np.ix_(order, order)]
    size = len(hessian)
    damping = DAMPING * float(np.mean(np.diag(hessian)))
    hessian[np.diag_indices(size)] += max(damping, 1e-12)
    factor: NDArray[np.float64] = _inverse_factor(hessian)
    rounded = np.empty_like(work)
    for begin in range(0, size, _BLOCK):
        end = min(begin + _BLOCK, size)
        errors = np.empty((len(work), end - begin))
        for column in range(begin, end):
            integers = np.clip(np.rint(work[:, column] / step[:, 0]), -127, 127)
            rounded[:, column] = integers
            error = (work[:, column] - integers * step[:, 0]) / factor[column, column]
            work[:, column:end] -= np.outer(error, factor[column, column:end])
            errors[:, column - begin] = error
        work[:, end:] -= errors @ factor[begin:end, end:]
    restored = np.empty(rounded.shape, np.int8)
    restored[:, order] = rounded.astype(np.int8)
    nearest = _nearest(weights, step)
    worse = output_error(weights, restored * step, gram) > output_error(
        weights, nearest * step, gram
    )
    return np.where(worse[:, None], nearest, restored)


def round_each_with_feedback(
    weights: NDArray[np.floating], grams: NDArray[np.floating], scale: NDArray[np.floating]
) -> NDArray[np.int8]:
    """As `round_with_feedback` for outputs that see inputs of their own, all at once.

    Args:
        weights: (outputs, inputs).
        grams: (outputs, inputs, inputs).
        scale: (outputs,).
    """
    size = weights.shape[1]
    diagonals = np.diagonal(grams, axis1=1, axis2=2)
    order = np.argsort(-diagonals, axis=1, kind="stable")
    work = np.take_along_axis(weights.astype(np.float64), order, axis=1)
    rows = np.take_along_axis(grams.astype(np.float64), order[:, :, None], axis=1)
    hessian = np.take_along_axis(rows, order[:, None, :], axis=2)
    damping = np.maximum(DAMPING * diagonals.mean(axis=1), 1e-12)
    inverse = np.linalg.inv(hessian + damping[:, None, None] * np.eye(size))
    factor = np.linalg.cholesky((inverse + inverse.transpose(0, 2, 1)) / 2).transpose(0, 2, 1)
    step = scale.astype(np.float64)
    rounded = np.empty_like(work)
    for column in range(size):
        rounded[:, column] = np.clip(np.rint(work[:, column] / step), -127, 127)
        error = (work[:, column] - rounded[:, column] * step) / factor[:, column, column]
        work[:, column:] -= error[:, None] * factor[:, column, column:]
    restored = np.empty(rounded.shape, np.int8)
    np.put_along_axis(restored, order, rounded.astype(np.int8), axis=1)
    nearest = _nearest(weights, step[:, None])
    errors = [
        np.einsum("oi,oij,oj->o", difference, grams.astype(np.float64), difference, optimize=True)
        for difference in (weights - candidate * step[:, None] for candidate in (restored, nearest))
    ]
    return np.where((errors[0] > errors[1])[:, None], nearest, restored)


def _nearest(weights: NDArray[np.floating], step: NDArray[np.float64]) -> NDArray[np.int8]:
    """Each weight rounded by itself. Going column by column is greedy: now and then it loses."""
    nearest: NDArray[np.int8] = np.clip(np.rint(weights / step), -127, 127).astype(np.int8)
    return nearest


def _inverse_factor(hessian: NDArray[np.float64]) -> NDArray[np.float64]:
    """Upper triangular U with U^T U = inverse of `hessian`."""
    inverse = np.linalg.inv(hessian)
    factor: NDArray[np.float64] = np.linalg.cholesky((inverse + inverse.T) / 2).T.astype(np.float64)
    return factor


def output_error(
    weights: NDArray[np.floating], rounded: NDArray[np.floating], gram: NDArray[np.floating]
) -> NDArray[np.float64]:
    """Mean square of what the outputs change by, (outputs,), when `rounded` replaces `weights`."""
    difference = weights.astype(np.float64) - rounded
    error: NDArray[np.float64] = np.einsum(
        "oi,ij,oj->o", difference, gram.astype(np.float64), difference, optimize=True
    )
    return error
