"""TF-MOT's sparsity schedules, without what importing TF-MOT does to the process.

`tensorflow_model_optimization` sets TF_USE_LEGACY_KERAS=1 when imported, so that `tf.keras` and
every child process would turn into Keras 2 from then on. Its pruning wrapper serves models of
that Keras only; the schedules are plain arithmetic and serve us.
"""

import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

from edgevision.compress.masking.plan import MaskingPlan
from edgevision.errors import MissingDependencyError

Schedule: TypeAlias = Callable[[int], tuple[bool, float]]
"""Whether to look for the smallest weights after this many steps, and what share to zero."""

_LEAKS = "TF_USE_LEGACY_KERAS"


def schedule_for(plan: MaskingPlan, total_steps: int) -> Schedule:
    """The schedule of `plan` over a training of `total_steps` steps.

    Raises:
        MissingDependencyError: TF-MOT is not installed.
    """
    with _keras_3_kept():
        try:
            from tensorflow_model_optimization.python.core.sparsity.keras import pruning_schedule
        except ImportError as error:
            message = f"the schedule needs tensorflow-model-optimization: {error}"
            raise MissingDependencyError(
                message, hint="pip install 'edgevision[optimize]'"
            ) from error
    begin, end = round(plan.begin * total_steps), max(1, round(plan.end * total_steps))
    made: Any
    if plan.schedule == "constant":
        made = pruning_schedule.ConstantSparsity(plan.sparsity, begin, -1, plan.every)
    else:
        made = pruning_schedule.PolynomialDecay(0.0, plan.sparsity, begin, end, 3, plan.every)

    def at(step: int) -> tuple[bool, float]:
        is_due, sparsity = made(step)
        return bool(is_due), float(sparsity)

    return at


@contextmanager
def _keras_3_kept() -> Iterator[None]:
    import tensorflow as tf

    before = os.environ.get(_LEAKS)
    # `tf.keras` becomes one Keras or the other when it is first used: let that be now.
    tf.keras.layers  # noqa: B018
    try:
        with warnings.catch_warnings():
            # It looks at version numbers with distutils.
            warnings.simplefilter("ignore", DeprecationWarning)
            yield
    finally:
        if before is None:
            os.environ.pop(_LEAKS, None)
        else:
            os.environ[_LEAKS] = before
