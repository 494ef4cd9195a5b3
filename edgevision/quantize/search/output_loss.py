"""What the quantizer minimises: the error of each output, by a function of its caller's."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from edgevision.tflite.graph import Graph

LossFunction = Callable[[NDArray[Any], NDArray[Any]], float]
"""(expected, actual), both (images, ...) real values of one tensor -> the loss: 0 for equal ones,
and of about the same size for every function, a share of noise or the root of a divergence."""


class OutputLoss(Protocol):
    """How the error of one output is measured; a model's loss is the weighted mean of these."""

    @property
    def output(self) -> int:
        """Position in the model's order."""

    @property
    def before_activation(self) -> bool:
        """Whether to compare what the softmax or sigmoid that makes the output reads.

        In int8 it writes steps of 1/256.
        """

    @property
    def function(self) -> LossFunction:
        """Of what is compared."""

    @property
    def weight(self) -> float:
        """Of this output among the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormLoss:
    """The loss that an output's form suggests."""

    output: int
    before_activation: bool
    function: LossFunction
    weight: float = 1.0


def losses_by_form(graph: Graph) -> tuple[FormLoss, ...]:
    """A divergence for outputs of a softmax, a share of noise for all others in real numbers."""
    producers = graph.producers()
    found = []
    for position, t in enumerate(graph.outputs):
        if not graph.is_float(t):
            continue
        is_softmax = t in producers and graph.operators[producers[t]].name == "SOFTMAX"
        found.append(
            FormLoss(
                output=position,
                before_activation=is_softmax,
                function=mean_root_divergence if is_softmax else noise,
            )
        )
    return tuple(found)


def mean_root_divergence(expected: NDArray[Any], actual: NDArray[Any]) -> float:
    """Mean root of the Kullback-Leibler divergence of softmax(actual) from softmax(expected).

    The root, because a few images diverge a hundred times more than the typical one: the plain
    mean over some 25 images would be about them alone, and choose by chance.

    >>> import numpy as np
    >>> mean_root_divergence(np.zeros((1, 2)), np.zeros((1, 2)) + 5)
    0.0
    """
    p, q = _log_softmax(expected), _log_softmax(actual)
    divergence = (np.exp(p) * (p - q)).sum(axis=-1)
    return float(np.sqrt(np.maximum(divergence, 0)).mean())


def noise(expected: NDArray[Any], actual: NDArray[Any]) -> float:
    """Power of the difference as a share of the expected values' power.

    >>> import numpy as np
    >>> noise(np.array([3.0, 4.0]), np.array([3.0, 5.0]))
    0.04
    """
    power = float(np.square(expected, dtype=np.float64).sum())
    difference = float(np.square(actual - expected, dtype=np.float64).sum())
    return difference / power if power > 0 else difference


def _log_softmax(logits: NDArray[Any]) -> NDArray[np.float64]:
    wide = logits.astype(np.float64)
    wide -= wide.max(axis=-1, keepdims=True)
    result: NDArray[np.float64] = wide - np.log(np.exp(wide).sum(axis=-1, keepdims=True))
    return result
