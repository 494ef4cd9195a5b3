"""Scores of classes as probabilities: of exclusive classes, or of independent ones."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgevision.tensors import FloatArray


def softmax(logits: NDArray[Any]) -> FloatArray:
    """(..., classes) probabilities of exclusive classes."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    exponentials = np.exp(shifted)
    return np.asarray(exponentials / exponentials.sum(axis=-1, keepdims=True), np.float32)


def sigmoid(logits: NDArray[Any]) -> FloatArray:
    """Probabilities of independent decisions, same shape."""
    # As a tanh: exp(-x) would overflow for large logits.
    return np.asarray((1 + np.tanh(np.asarray(logits) / 2)) / 2, np.float32)


def sum_to_one(scores: NDArray[Any]) -> FloatArray:
    """(..., classes) `scores` of exclusive classes, none negative, divided by their sum.

    The rows of an int8 softmax over many classes sum to anything from 0.5 to 1.1, because each
    value is rounded to 1/256. A row of zeros (every class below half a step) says nothing about
    any class and becomes even. Never for independent sigmoids: those need not sum to anything.
    """
    sums = scores.sum(axis=-1, keepdims=True)
    even = np.full(scores.shape, 1 / max(1, scores.shape[-1]), np.float32)
    return np.asarray(np.divide(scores, sums, out=even, where=sums > 0), np.float32)


def log_softmax(logits: NDArray[Any]) -> NDArray[np.float64]:
    """(..., classes) natural logarithms of the softmax."""
    wide = logits.astype(np.float64)
    wide -= wide.max(axis=-1, keepdims=True)
    result: NDArray[np.float64] = wide - np.log(np.exp(wide).sum(axis=-1, keepdims=True))
    return result
