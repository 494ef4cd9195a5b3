"""Never slower: where int8 kernels lose to float ones, the operators concerned go back to float.

Every operator is timed alone in both precisions; the cheapest mix, conversions at its borders
included, is a shortest path. What it promises is then timed as a whole, and kept if it holds.
Only for a device that was named: the clock of the machine that makes a file says nothing of
another's.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from edgevision.quantize.assign.integer_part import integer_part
from edgevision.quantize.calibrate.calibrated_model import CalibratedModel
from edgevision.quantize.lower.weights_only import to_dynamic
from edgevision.quantize.quantized_graph import QuantizedGraph, make
from edgevision.quantize.search.operator_latency import conversion_us, operator_latencies
from edgevision.recipe.recipe import Recipe
from edgevision.tflite.graph import OperatorId
from edgevision.tflite.parse import parse
from edgevision.tflite.serialize import serialize

WORTH = 0.97
"""A mix must bring the time below this share of int8's to be taken."""

SLOWER = 1.03
"""Beyond this ratio to float, int8 is called slower: less is the noise of timing."""

NOTICED_MS = 0.02
"""A smaller loss is mostly the noise of timing."""

WORTH_MIXING_MS = 0.1
"""A smaller loss is reported and no more: another machine may well turn it into a gain."""

HERE = "local"
"""What a timer on this machine calls its target."""

LEFT = "its int8 kernel is slower than the float one"

Timer = Callable[[Mapping[str, bytes]], Mapping[str, float]]
"""Files by name -> median milliseconds, measured interleaved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyVerdict:
    """How fast the files are on `target`, and what was done about it."""

    target: str = HERE
    """Where they were timed: "local", "ssh://pi@host", "adb:SERIAL"."""
    float_ms: float
    integer_ms: float
    """int8 throughout."""
    mixed_ms: float | None
    """With the slow operators in float; None when that was not tried."""
    dynamic_ms: float | None = None
    """int8 weights and float activations; None when that was not tried."""
    sentence: str
    """Empty when int8 throughout is not slower than float."""


def never_slower(
    model: CalibratedModel,
    recipe: Recipe,
    made: QuantizedGraph,
    float_content: bytes,
    *,
    timer: Timer,
    target: str = HERE,
    threads: int = 1,
) -> tuple[QuantizedGraph, LatencyVerdict]:
    """`made`, or the same with slow operators in float when that is faster; and the verdict.

    `timer` times files on `target`; single operators are always timed on this machine, with as
    many `threads`.
    """
    files = {"float": float_content, "int8": serialize(made.graph)}
    times = timer(files)
    if times["int8"] <= max(SLOWER * times["float"], times["float"] + WORTH_MIXING_MS):
        return made, LatencyVerdict(
            target=target,
            float_ms=times["float"],
            integer_ms=times["int8"],
            mixed_ms=None,
            sentence=_little_slower(times["int8"], times["float"], target),
        )
    costs = operator_latencies(made, threads=threads)
    switch = conversion_us(made.graph)
    slow = cheapest_mix([c.integer_us for c in costs], [c.float_us for c in costs], switch)
    left = {cost.id for cost, is_float in zip(costs, slow, strict=True) if is_float}
    kinds = Counter(cost.operator for cost in costs if cost.id in left)
    named = ", ".join(f"{count} {name}" for name, count in kinds.most_common(3))
    mixed = _mixed(model, recipe, made, left)
    is_mix = bool(left) and mixed.computes_in_integers
    dynamic = to_dynamic(parse(float_content))
    times = timer({**files, "mixed": serialize(mixed.graph), "dynamic": serialize(dynamic)})
    chosen = mixed if is_mix and times["mixed"] < WORTH * times["int8"] else made
    best = times["mixed" if chosen is mixed else "int8"]
    ratio = best / times["float"]
    place = "this machine" if target == HERE else target
    if ratio <= SLOWER and chosen is made:
        sentence = ""  # The second timing takes back what the first one said.
    elif ratio <= SLOWER:
        sentence = (
            f"int8 kernels lose to float in {named}: left in float, which is faster on {place}"
            f"{_elsewhere(target)}{', --no-never-slower keeps int8' if target == HERE else ''}"
        )
    else:
        sentence = (
            f"int8 takes {ratio:.2f} times as long as float on {place}"
            f" ({_blame(named, target)}); {_fastest(best, times)}"
        )
    return chosen, LatencyVerdict(
        target=target,
        float_ms=times["float"],
        integer_ms=times["int8"],
        mixed_ms=times["mixed"],
        dynamic_ms=times["dynamic"],
        sentence=sentence,
    )


def _little_slower(integer_ms: float, float_ms: float, target: str) -> str:
    """What is reported of a loss too small to be worth a mix; empty for one too small for that."""
    more = integer_ms - float_ms
    if more < NOTICED_MS or integer_ms <= SLOWER * float_ms:
        return ""
    place = "this machine" if target == HERE else target
    return (
        f"int8 takes {integer_ms / float_ms:.2f} times as long as float on {place}, {more:.2f} ms"
        f" more: too little to leave operators in float{_elsewhere(target)}"
    )


def _elsewhere(target: str) -> str:
    """What to do where another machine is meant."""
    return "; a device may differ: --on times it there" if target == HERE else ""


def _blame(named: str, target: str) -> str:
    """Which operators are slow in int8, and where that was seen."""
    if target == HERE:
        return f"{named or 'many small operations'} have no fast int8 kernel"
    if not named:
        return "each operator timed alone on this machine, none is slower in int8"
    return f"each operator timed alone on this machine, {named} lose"


def _fastest(integer_ms: float, times: Mapping[str, float]) -> str:
    """Which precision to use where speed is what counts, and its option."""
    share = times["dynamic"] / times["float"]
    if times["dynamic"] < min(integer_ms, times["float"]):
        return f"--dynamic is fastest there, at {share:.2f} of float's time"
    return (
        f"float is fastest there: --fp16 keeps its speed (--dynamic takes {share:.2f} of its time)"
    )


def _mixed(
    model: CalibratedModel, recipe: Recipe, made: QuantizedGraph, left: set[OperatorId]
) -> QuantizedGraph:
    reasons = {**model.integer.reasons, **dict.fromkeys(left, LEFT)}
    part = integer_part(model.graph, recipe, reasons)
    return make(replace(model, integer=part), recipe, made.settings)


def cheapest_mix(
    integer_us: Sequence[float], float_us: Sequence[float], switch_us: float
) -> list[bool]:
    """For operators in order, whether each is in float, so that the total time is least.

    Changing precision between neighbours costs `switch_us`; the ends are integers.
    Two states and one pass: Viterbi's algorithm.

    >>> cheapest_mix([5, 19, 5], [8, 5, 8], 3)
    [False, True, False]
    """
    costs, came = [0.0, switch_us], []
    for integer, real in zip(integer_us, float_us, strict=True):
        to_integer = [costs[0], costs[1] + switch_us]
        to_float = [costs[0] + switch_us, costs[1]]
        came.append((int(np.argmin(to_integer)), int(np.argmin(to_float))))
        costs = [min(to_integer) + integer, min(to_float) + real]
    state = 0 if costs[0] <= costs[1] + switch_us else 1
    states = []
    for previous in reversed(came):
        states.append(state == 1)
        state = previous[state]
    return states[::-1]
