"""Two results side by side: an old and a new one, or two machines."""

from collections.abc import Sequence
from dataclasses import dataclass

from edgevision.bench.machine.host import differences
from edgevision.bench.results.result import BenchRun, Measured
from edgevision.bench.timing.ratio import Ratio, ratio_apart
from edgevision.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPair:
    """One model in both results."""

    before: Measured
    after: Measured
    ratio: Ratio
    is_same_file: bool
    """Whether both are the same bytes: then a change in latency is not the model's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultComparison:
    """One machine's result against another."""

    before: str
    after: str
    """Targets and dates."""
    pairs: tuple[ModelPair, ...]
    only_before: tuple[str, ...]
    only_after: tuple[str, ...]
    warnings: tuple[str, ...]
    """Why the latencies may not be comparable."""


def compare(before: Sequence[BenchRun], after: Sequence[BenchRun]) -> tuple[ResultComparison, ...]:
    """Results of the same target against each other; two lone results whatever their targets.

    Raises:
        UsageError: no target is in both.
    """
    if len(before) == len(after) == 1:
        return (_compare_two(before[0], after[0]),)
    old = {result.target: result for result in before}
    found = [(old[new.target], new) for new in after if new.target in old]
    if not found:
        message = f"the results share no machine: {', '.join(old)} and " + ", ".join(
            result.target for result in after
        )
        raise UsageError(message)
    return tuple(_compare_two(one, other) for one, other in found)


def _compare_two(before: BenchRun, after: BenchRun) -> ResultComparison:
    old = {measured.name: measured for measured in before.models}
    new = {measured.name: measured for measured in after.models}
    pairs = tuple(_pair(old[name], new[name]) for name in new if name in old)
    warnings = [f"unlike machines: {text}" for text in differences(before.host, after.host)]
    warnings += [
        f"{pair.after.name}: unlike settings: {one} and {other}"
        for pair in pairs
        for one, other in [(_settings(pair.before), _settings(pair.after))]
        if one != other
    ]
    if before.data != after.data:
        warnings.append(f"unlike image sets: {before.data} and {after.data}")
    return ResultComparison(
        before=f"{before.target}, {before.created}",
        after=f"{after.target}, {after.created}",
        pairs=pairs,
        only_before=tuple(name for name in old if name not in new),
        only_after=tuple(name for name in new if name not in old),
        warnings=tuple(warnings),
    )


def _pair(before: Measured, after: Measured) -> ModelPair:
    return ModelPair(
        before=before,
        after=after,
        ratio=ratio_apart(before.latency, after.latency),
        is_same_file=before.size.sha256 == after.size.sha256,
    )


def _settings(measured: Measured) -> str:
    return f"{measured.latency.runtime}, {measured.latency.threads} threads"
