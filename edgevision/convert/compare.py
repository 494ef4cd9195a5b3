"""Does the `.tflite` answer what TensorFlow answers? One input, compared number by number."""

from collections.abc import Sequence

import numpy as np

from edgevision.convert.loaded import InputSpec
from edgevision.convert.trace import FrozenGraph
from edgevision.errors import VerificationError
from edgevision.runtime.session import Session

TOLERANCE = 1e-3
"""Of the largest output. Sums in another order differ by 1e-6 or so; a wrong operation by far
more."""


def largest_difference(graph: FrozenGraph, inputs: Sequence[InputSpec], content: bytes) -> float:
    """The largest difference between the two, as a share of the largest output.

    Raises:
        VerificationError: it is more than `TOLERANCE`.
        ModelError: the runtime refuses the file.
    """
    generator = np.random.default_rng(0)
    arrays = [
        (generator.random(spec.shape) * _top(spec.dtype)).astype(spec.dtype) for spec in inputs
    ]
    wanted = graph.run(arrays)
    with Session(content) as session:
        # By name: the file may list the inputs in another order than the model.
        by_name = {
            spec.name.partition(":")[0]: array for spec, array in zip(inputs, arrays, strict=True)
        }
        given = [
            by_name.get(spec.name.partition(":")[0], array)
            for spec, array in zip(session.inputs, arrays, strict=True)
        ]
        got = session.run(*given)
    worst = 0.0
    for expected, actual in zip(wanted, got, strict=True):
        finite = np.isfinite(expected)
        if not finite.any():
            continue
        scale = max(float(np.abs(expected[finite]).max()), 1e-6)
        worst = max(worst, float(np.abs(expected[finite] - actual[finite]).max()) / scale)
    if not worst <= TOLERANCE:
        message = (
            f"the .tflite answers differently from the model: by {worst:.2g} of the largest output"
        )
        raise VerificationError(message, hint="please report it, with the model if you can")
    return worst


def _top(dtype: str) -> float:
    """Random numbers below this suit the type: pixels for integers, 0 to 1 otherwise."""
    return 255.0 if np.dtype(dtype).kind in "iu" else 1.0
