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
from edgevision.tflite.graph import Graph, OperatorId
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
            with Session(serialize(lowered)) as session:
                session.invoke()
        except ModelError as error:
            culprit = _culprit(str(error), decided.graph, lowered)
            if culprit not in integer.operators:
                raise
            logger.debug("operator %d goes back to float: %s", culprit, error)
            reason = f"the runtime refuses it in int{bits_of(recipe)}: {error}"
            reasons = {**integer.reasons, culprit: reason}
            integer = integer_part(prepared.graph, recipe, reasons)
            continue
        return integer


def _culprit(message: str, source: Graph, lowered: Graph) -> OperatorId | None:
    """Which operator of the float graph `source` the runtime's message names.

    A conversion, which `lowered` alone has, belongs to the operator behind it.
    """
    found = re.search(r"[Nn]ode number (\d+)", message)
    if found is None:
        return None
    known = {op.id for op in source.operators}
    behind = lowered.operators[int(found.group(1)) :]
    return next((op.id for op in behind if op.id in known), None)
