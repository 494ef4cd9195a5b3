"""Rounding weights so that a layer's output, not each weight, is nearest to the float one.

Source: Frantar et al. 2022 (GPTQ), https://arxiv.org/abs/2210.17323: the error of each rounded
weight is made good by those not rounded yet. Computed as Chee et al. 2023 (QuIP),
https://arxiv.org/abs/2307.13304, theorem 6, found to be the same: what a weight has to make good
is read off one triangular factor of the Gram matrix, which needs no inverse.
"""

import numpy as np
from numpy.typing import NDArray

DAMPING = 0.01
"""Added to the Gram matrix, as a fraction of its mean diagonal, so that unseen inputs do not let
weights wander; the paper's value."""

_BLOCK = 64
"""Columns that are handed the errors of all columns before them at once: one matrix product
instead of 64."""


def gptq(
    weights: NDArray[np.floating], gram: NDArray[np.floating], scale: NDArray[np.floating]
) -> NDArray[np.int8]:
    """Integers in -127..127 with which `weights` gives nearly the same outputs.

    No output changes by more than with each weight rounded by itself. All is computed in the
    precision of `gram`: float32 is enough for it.

    Args:
        weights: (outputs, inputs).
        gram: (inputs, inputs), mean of x x^T over what the layer sees, means taken out: what a
            mean input contributes is the bias's to correct.
        scale: (outputs,), real = scale * integer.
    """
    order = np.argsort(-np.diag(gram), kind="stable")
    ordered = gram[np.ix_(order, order)]
    feedback = _feedback(ordered)
    # In steps, and a row for each input, so that what goes on together lies together.
    wanted = np.ascontiguousarray((weights / scale[:, None]).T[order], gram.dtype)
    rounded, missing = np.empty_like(wanted), np.empty_like(wanted)
    for begin in range(0, len(wanted), _BLOCK):
        end = min(begin + _BLOCK, len(wanted))
        due = wanted[begin:end] + feedback[begin:end, :begin] @ missing[:begin]
        for at in range(begin, end):
            aim = due[at - begin] + feedback[at, begin:at] @ missing[begin:at]
            rounded[at] = _integers(aim)
            missing[at] = wanted[at] - rounded[at]
    nearest = _integers(wanted)
    worse = output_error(missing.T, ordered) > output_error((wanted - nearest).T, ordered)
    restored = np.empty(weights.shape, np.int8)
    restored[:, order] = np.where(worse, nearest, rounded).T
    return restored


def gptq_each(
    weights: NDArray[np.floating], grams: NDArray[np.floating], scale: NDArray[np.floating]
) -> NDArray[np.int8]:
    """As `gptq` for outputs that see inputs of their own, all at once.

    Args:
        weights: (outputs, inputs).
        grams: (outputs, inputs, inputs).
        scale: (outputs,).
    """
    order = np.argsort(-np.diagonal(grams, axis1=1, axis2=2), axis=1, kind="stable")
    rows = np.take_along_axis(grams, order[:, :, None], axis=1)
    ordered = np.take_along_axis(rows, order[:, None, :], axis=2)
    feedback = _feedback(ordered)
    wanted = np.take_along_axis((weights / scale[:, None]).astype(grams.dtype), order, axis=1)
    rounded, missing = np.empty_like(wanted), np.empty_like(wanted)
    for at in range(weights.shape[1]):
        aim = wanted[:, at] + (feedback[:, at, :at] * missing[:, :at]).sum(axis=1)
        rounded[:, at] = _integers(aim)
        missing[:, at] = wanted[:, at] - rounded[:, at]
    nearest = _integers(wanted)
    worse = output_error(missing, ordered) > output_error(wanted - nearest, ordered)
    restored = np.empty(weights.shape, np.int8)
    chosen = np.where(worse[:, None], nearest, rounded)
    np.put_along_axis(restored, order, chosen.astype(np.int8), axis=1)
    return restored


def _integers(steps: NDArray[np.floating]) -> NDArray[np.floating]:
    nearest: NDArray[np.floating] = np.clip(np.rint(steps), -127, 127)
    return nearest


def _feedback(grams: NDArray[np.floating]) -> NDArray[np.floating]:
    """F with F[k, j] the share of input j's error that input k makes good, for all j < k.

    With H = (I + U) D (I + U)^T for U strictly upper triangular, F is U^T: minding the errors of
    the inputs before it so, input k adds d_k times the square of its own rounding to the output's
    error, and that is all.

    Args:
        grams: (..., inputs, inputs).
    """
    size = grams.shape[-1]
    level = np.trace(grams, axis1=-2, axis2=-1) / size
    damped = grams.copy()
    # In place: an identity matrix would be as large as the Gram matrix.
    damped[..., range(size), range(size)] += np.maximum(DAMPING * level, 1e-12)[..., None]
    # Cholesky's factor is lower triangular and first things first: turned around it is upper.
    factor = np.linalg.cholesky(damped[..., ::-1, ::-1])[..., ::-1, ::-1]
    diagonal = np.diagonal(factor, axis1=-2, axis2=-1)
    feedback: NDArray[np.floating] = np.ascontiguousarray(np.swapaxes(factor, -2, -1))
    feedback /= diagonal[..., :, None]
    return feedback


def output_error(change: NDArray[np.floating], gram: NDArray[np.floating]) -> NDArray[np.floating]:
    """Mean square of what the outputs change by, (outputs,), when their weights change.

    Args:
        change: (outputs, inputs), of the weights.
        gram: (inputs, inputs) of them all, or (outputs, inputs, inputs).
    """
    response = change @ gram if gram.ndim == 2 else np.einsum("oi,oij->oj", change, gram)
    error: NDArray[np.floating] = (response * change).sum(axis=1)
    return error
