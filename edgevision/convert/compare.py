"""Does the `.tflite` answer what the model answers? One input, all outputs compared by name."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgevision.convert.job import ModelInput
from edgevision.convert.trace import FrozenGraph
from edgevision.errors import VerificationError
from edgevision.runtime.session import Session
from edgevision.tflite.envelope.signature import read_signatures

TOLERANCE = 1e-3
"""Of the output's largest value. Sums in another order differ by 1e-6 or so; a wrong operation by
far more."""


def largest_difference(graph: FrozenGraph, inputs: Sequence[ModelInput], content: bytes) -> float:
    """The largest difference between the two, as a share of the largest value of that output.

    Args:
        graph: what is asked for the right answers.
        inputs: in the order in which `graph` takes them.
        content: the `.tflite`, with the signature of `graph`.

    Raises:
        VerificationError: it is more than `TOLERANCE`; names the output.
        ModelError: the runtime refuses the file.
    """
    from tensorflow.errors import InvalidArgumentError

    generator = np.random.default_rng(0)
    arrays = [
        (generator.random(given.shape) * _top(given.dtype)).astype(given.dtype) for given in inputs
    ]
    try:
        answers = graph.run(arrays)
    except InvalidArgumentError:
        # Integers may be places in a table, of which the first is always there.
        arrays = [np.zeros_like(one) if one.dtype.kind in "iu" else one for one in arrays]
        answers = graph.run(arrays)
    expected = dict(zip(graph.output_names, answers, strict=True))
    by_name = {given.name: array for given, array in zip(inputs, arrays, strict=True)}
    worst = 0.0
    for name, actual in _answers(content, by_name).items():
        difference = _difference(expected[name], actual)
        if not difference <= TOLERANCE:
            message = (
                f"output {name!r} of the .tflite differs from the model's: by {difference:.2g} of"
                " its largest value"
            )
            raise VerificationError(message, hint="please report it, with the model if you can")
        worst = max(worst, difference)
    return worst


def _answers(content: bytes, given: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """The file's outputs by name; neither its inputs nor its outputs need be in our order."""
    (signature,) = read_signatures(content)
    with Session(content) as session:
        names = {index: name for name, index in signature.inputs}
        answers = session.run(*(given[names[spec.index]] for spec in session.inputs))
        by_tensor = dict(zip((spec.index for spec in session.outputs), answers, strict=True))
    return {name: by_tensor[index] for name, index in signature.outputs}


def _difference(expected: NDArray[Any], actual: NDArray[Any]) -> float:
    finite = np.isfinite(expected)
    if not finite.any():
        return 0.0
    # As float: unsigned integers would wrap around below zero.
    wanted, got = expected[finite].astype(np.float64), actual[finite].astype(np.float64)
    scale = max(float(np.abs(wanted).max()), 1e-6)
    return float(np.abs(wanted - got).max()) / scale


def _top(dtype: str) -> float:
    """Random numbers below this suit the type: pixels for integers, 0 to 1 otherwise."""
    return 255.0 if np.dtype(dtype).kind in "iu" else 1.0
