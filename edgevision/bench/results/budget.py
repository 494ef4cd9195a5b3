"""Limits a model must keep, as a file for CI: size, latency per machine, accuracy, memory."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from fnmatch import fnmatchcase
from pathlib import Path

from edgevision.bench.results.quality import Quality
from edgevision.bench.results.result import BenchRun, Measured
from edgevision.errors import UsageError
from edgevision.serialization.decode import from_plain
from edgevision.serialization.toml_text import read_toml


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelLimits:
    """What the models named must keep; None for what does not matter."""

    model: str = "*"
    """Which models, by name; `*` and `?` as in file names."""
    machine: str = "*"
    """On which machines: the target ("ssh://pi@*") or the board's name ("Raspberry Pi 5*")."""
    size_bytes: float | None = None
    zipped_bytes: float | None = None
    p50_ms: float | None = None
    p95_ms: float | None = None
    memory_bytes: float | None = None
    """Growth of the process by opening and running the model."""
    drop_points: float | None = None
    """Points of the task's headline (top-1 of a classifier) lost against the first model. The upper
    end of the interval must keep it: too few images are no excuse."""
    agreement: float | None = None
    """Least agreement with the first model, 0 to 1 (of a classifier, the share of images with its
    answer), by the interval's lower end; of tasks whose agreement is a share."""

    def __post_init__(self) -> None:
        names = [entry.name for entry in fields(self) if entry.name not in _WORDS]
        if all(getattr(self, name) is None for name in names):
            message = f"there is no limit for {self.model!r} on {self.machine!r}"
            raise UsageError(message, hint=f"give at least one of {', '.join(names)}")


_WORDS = frozenset({"model", "machine"})
"""What of `ModelLimits` says where they apply."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Budget:
    """The file."""

    limits: tuple[ModelLimits, ...]

    def __post_init__(self) -> None:
        if not self.limits:
            message = "there are no limits"
            raise UsageError(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One limit applied to one model on one machine."""

    model: str
    machine: str
    what: str
    limit: float
    found: float | None
    """None when it was not measured, which misses the limit."""
    reason: str = ""
    """Why it was not measured, when that is known."""

    @property
    def is_kept(self) -> bool:
        """Whether the limit is kept."""
        if self.found is None:
            return False
        return self.found >= self.limit if self.what == "agreement" else self.found <= self.limit

    def __str__(self) -> str:
        """As in "int8 on local: p95_ms 3.2, limit 3"."""
        value = "was not measured" if self.found is None else f"{self.found:.4g}"
        if self.reason:
            value += f" ({self.reason})"
        return f"{self.model} on {self.machine}: {self.what} {value}, limit {self.limit:.4g}"


def read_budget(path: Path) -> tuple[ModelLimits, ...]:
    """The limits in a TOML file, one `[[limits]]` table each.

    Raises:
        UsageError: the file cannot be read, or holds something unknown.
    """
    hint = "docs/bench.md shows a budget: [[limits]] tables and nothing else"
    document = read_toml(path)
    return from_plain(_Budget, document, where=f"{path}:", unknown="refuse", hint=hint).limits


def check_budget(budget: Sequence[ModelLimits], results: Sequence[BenchRun]) -> tuple[Check, ...]:
    """Every limit on every model it names.

    Raises:
        UsageError: a table names no model or no machine that was measured.
    """
    found: list[Check] = []
    for limits in budget:
        matched = [
            (result, measured)
            for result in results
            for measured in result.models
            if _is_meant(limits, result, measured)
        ]
        if not matched:
            message = f"the budget for {limits.model!r} on {limits.machine!r} fits nothing measured"
            raise UsageError(message, hint="a limit that is never checked would always be kept")
        for result, measured in matched:
            found.extend(_checks(limits, result, measured))
    return tuple(found)


def _is_meant(limits: ModelLimits, result: BenchRun, measured: Measured) -> bool:
    machines = (result.target, result.host.machine, result.host.cpu)
    return fnmatchcase(measured.name, limits.model) and any(
        fnmatchcase(machine, limits.machine) for machine in machines
    )


def _checks(limits: ModelLimits, result: BenchRun, measured: Measured) -> list[Check]:
    values = _values(measured)
    # The first model is what the others are compared with.
    skipped = {"drop_points", "agreement"} if measured == result.models[0] else set()
    return [
        Check(
            model=measured.name,
            machine=result.target,
            what=what,
            limit=getattr(limits, what),
            found=value,
            reason=measured.memory.reason
            if what == "memory_bytes" and measured.memory is not None
            else "",
        )
        for what, value in values.items()
        if getattr(limits, what) is not None and what not in skipped
    ]


def _values(measured: Measured) -> Mapping[str, float | None]:
    summary, memory = measured.latency.summary, measured.memory
    return {
        "size_bytes": measured.size.file_bytes,
        "zipped_bytes": measured.size.zipped_bytes,
        "p50_ms": summary.p50_ms,
        "p95_ms": summary.p95_ms,
        "memory_bytes": memory.model_bytes if memory else None,
        "drop_points": _drop_points(measured.quality),
        "agreement": _agreement(measured.quality),
    }


def _drop_points(quality: Quality | None) -> float | None:
    """The upper end of the interval, in points; None when it is not lost in points."""
    if quality is None or quality.paired is None or quality.evaluation is None:
        return None
    metric = quality.evaluation.metric(quality.paired.metric)
    if metric is None or metric.unit != "share" or quality.paired.drop.high is None:
        return None
    return 100 * quality.paired.drop.high


def _agreement(quality: Quality | None) -> float | None:
    """The lower end of the interval, 0 to 1; None when answers are no decisions to agree on."""
    if quality is None or quality.agreement is None:
        return None
    headline = quality.agreement.headline
    return headline.estimate.low if headline.unit == "share" else None
