"""Which operators the runtime really takes in integers: found by trying."""

import logging
import re
from collections.abc import Sequence

from edgevision.errors import ModelError
from edgevision.quantize.assign.design import design
from edgevision.quantize.assign.integer_part import IntegerPart, bits_of, integer_part
from edgevision.quantize.calibrate.prepared import Prepared
from edgevision.quantize.calibrate.statistics import Statistics
from edgevision.quantize.lower.integer_graph import lower
from edgevision.quantize.step import RangeStep
from edgevision.recipe.recipe import Recipe
from edgevision.runtime.session import Session
from edgevision.tflite.serialize import serialize

logger = logging.getLogger(__name__)


def probe_kernels(
    prepared: Prepared,
    statistics: Statistics,
    recipe: Recipe,
    integer: IntegerPart,
    *,
    steps: Sequence[RangeStep],
) -> IntegerPart:
    """`integer` without the operators that the runtime refuses in integers; ranges by `steps`."""
    while True:
        decided = design(prepared, statistics, recipe, integer, steps=steps)
        lowered = lower(decided.graph, decided.plan)
        try:
            with Session(serialize(lowered.graph)) as session:
                session.invoke()
        except ModelError as error:
            culprit = _culprit(str(error), lowered.position, integer.operators)
            if culprit is None:
                raise
            logger.debug("operator %d goes back to float: %s", culprit, error)
            reason = f"the runtime refuses it in int{bits_of(recipe)}: {error}"
            reasons = {**integer.reasons, culprit: reason}
            integer = integer_part(prepared.graph, recipe, reasons)
            continue
        return integer


def _culprit(message: str, position: tuple[int, ...], integer: frozenset[int]) -> int | None:
    """Which operator of the float graph the runtime's message names, when it is an integer one."""
    found = re.search(r"[Nn]ode number (\d+)", message)
    if found is None:
        return None
    number = int(found.group(1))
    for at, last in enumerate(position):
        if number <= last:
            return at if at in integer else None
    return None
