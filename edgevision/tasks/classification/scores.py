"""Class scores as probabilities, by what is known of them, and how two models' are compared."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgevision.metrics.divergence import PerImage, bernoulli_divergences, kl_divergences
from edgevision.metrics.probability import sigmoid, softmax, sum_to_one
from edgevision.tasks.interface import Activation
from edgevision.tensors import FloatArray


def two_columns(output: NDArray[Any], activation: Activation | None) -> FloatArray:
    """(2,) probabilities of "no" and "yes" from one unit: 1 - p and p.

    p is the unit's value where it is known to be a probability, else the sigmoid of it.
    """
    value = np.asarray(output, np.float32).reshape(-1)
    yes = value if activation == "sigmoid" else sigmoid(value)
    return np.asarray(np.concatenate([1 - yes, yes]), np.float32)


def probabilities(scores: FloatArray, activation: Activation | None) -> FloatArray:
    """Probabilities, as the model means them, of (..., classes) `scores`.

    The scores themselves after a softmax or sigmoid, their softmax when they are logits. With
    `activation` None, when neither the file nor a card tells, all of `scores` together decide:
    they are taken for probabilities of exclusive classes when all lie in 0..1, else for logits.
    """
    if activation is None:
        # 2 % of room above 1: the largest value of an int8 output is not always exactly 1.
        in_range = scores.min(initial=0.0) >= 0 and scores.max(initial=0.0) <= 1.02
        return sum_to_one(scores) if in_range else softmax(scores)
    return softmax(scores) if activation == "logits" else scores


def comparable(scores: FloatArray, activation: Activation | None) -> FloatArray:
    """`probabilities`, and those of exclusive classes sum to 1 although an int8 softmax rounds."""
    found = probabilities(scores, activation)
    return sum_to_one(found) if activation == "softmax" else found


def divergences(ours: FloatArray, reference: FloatArray, activation: Activation | None) -> PerImage:
    """KL(reference || ours) of each image, in nats; (images, classes) `scores` in.

    Of independent sigmoids the divergences of all classes are added up, and nothing is scaled;
    the rows of an exclusive softmax sum to 1 first.
    """
    if activation == "sigmoid":
        return bernoulli_divergences(ours, reference)
    return kl_divergences(comparable(ours, activation), comparable(reference, activation))
