"""The result of a benchmark: raw samples and all, as a value and as a versioned JSON document."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from edgevision import __version__
from edgevision.bench.machine.host import Host
from edgevision.bench.machine.memory import Memory
from edgevision.bench.machine.size import Size
from edgevision.bench.operators.delegation import Delegation
from edgevision.bench.operators.profile import Profile
from edgevision.bench.results.first_accuracy import read_first_accuracy
from edgevision.bench.results.quality import Quality, quality_document, read_quality
from edgevision.bench.timing.latency import Latency
from edgevision.bench.timing.plan import TimingPlan
from edgevision.bench.timing.ratio import Ratio
from edgevision.bench.timing.sustained import Sustained
from edgevision.errors import UsageError
from edgevision.serialization.decode import from_plain
from edgevision.serialization.encode import to_plain
from edgevision.serialization.json_text import read_json
from edgevision.serialization.limits import OWN, Limits
from edgevision.serialization.version import check_version

SCHEMA_VERSION = 1
"""Version of the document.

1  2026-11: first. A model's "quality" stands where older files have "accuracy", which is read too:
   whoever knows only that finds nothing evaluated.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One model on one machine."""

    name: str
    file: str
    """Name of the `.tflite`, without its folder."""
    size: Size
    latency: Latency
    multiply_adds: int = 0
    """Of one inference."""
    delegation: Delegation | None = None
    """How the runtime divided the model; None where it does not tell."""
    delegation_reason: str = ""
    """Why `delegation` is None, without a full stop."""
    memory: Memory | None = None
    quality: Quality | None = None
    """How well it answers; None without images to ask it about."""
    profile: Profile | None = None
    sustained: Sustained | None = None
    warnings: tuple[str, ...] = ()

    @property
    def unknown(self) -> tuple[str, ...]:
        """Which figures there are not, and why, a sentence each without a full stop."""
        earlier, found = "an earlier version did not say why", []
        if self.memory is None or self.memory.model_bytes is None:
            found.append(f"memory is not known: {(self.memory and self.memory.reason) or earlier}")
        if self.delegation is None:
            reason = self.delegation_reason or earlier
            found.append(f"which operations are delegated is not known: {reason}")
        if self.latency.summary.p99_ms is None:
            found.append("p90 and p99 are not known: benchmark_model reports p5, p50 and p95")
        return tuple(found)

    @property
    def gops(self) -> float:
        """Achieved 10^9 operations a second, a multiply-add counted as two."""
        return 2 * self.multiply_adds / (self.latency.summary.p50_ms * 1e6)


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchRun:
    """What one run of `edgevision bench` found on one machine."""

    target: str
    """Where it ran, as the user named it: "local", "ssh://pi@host", "adb:SERIAL"."""
    created: str
    """ISO 8601, UTC."""
    host: Host
    plan: TimingPlan
    models: tuple[Measured, ...]
    ratios: tuple[Ratio, ...]
    """Each model relative to the first."""
    data: str | None = None
    """Name of the image set that the models were asked about."""
    classes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    """About the machine and the run as a whole."""


def to_document(results: Sequence[BenchRun]) -> dict[str, Any]:
    """The JSON document of one or several machines: our fields and the keys of litert-benchmark."""
    runs = []
    for result in results:
        bare = tuple(replace(measured, quality=None) for measured in result.models)
        run = to_plain(replace(result, models=bare))
        for plain, measured in zip(run["models"], result.models, strict=True):
            plain.update(_litert_keys(measured))
            if measured.quality is not None:
                plain["quality"] = quality_document(measured.quality)
        for plain, ratio in zip(run["ratios"], result.ratios, strict=True):
            plain["verdict"] = ratio.verdict
        runs.append(run)
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "edgevision bench", "version": __version__},
        "runs": runs,
    }


def from_document(
    document: object, *, name: str = "result", limits: Limits = OWN
) -> tuple[BenchRun, ...]:
    """The results a JSON document holds, one a machine, of this or any older version.

    Raises:
        UsageError: it is no result, or of a newer version than this program knows.
    """
    version = document.get("schema_version") if isinstance(document, dict) else None
    if not isinstance(document, dict) or type(version) is not int or version < 1:
        message = f"{name} is no result of edgevision bench"
        raise UsageError(message, hint=_MAKE_ONE)
    check_version(document, known=SCHEMA_VERSION, oldest=1, where=name)
    if isinstance(error := document.get("error"), str):
        # What the Android app leaves in place of a result.
        message = f"{name} holds no result, the benchmark failed: {error[:500]}"
        raise UsageError(message, hint="run it again when that is put right")
    if "runs" not in document:
        # Such as optimize's report.json, or what another command printed.
        message = f"{name} is no result of edgevision bench"
        raise UsageError(message, hint=_MAKE_ONE)
    hint = "the file is damaged or was edited by hand"
    found = from_plain(_Runs, document, where=f"{name}:", limits=limits, hint=hint)
    return tuple(
        _with_quality(
            from_plain(BenchRun, run, where=f"{name}: runs[{at}]", limits=limits, hint=hint),
            apart,
            where=f"{name}: runs[{at}]",
            limits=limits,
        )
        for at, (run, apart) in enumerate(map(_parted, found.runs))
    )


def read_results(path: Path) -> tuple[BenchRun, ...]:
    """The results in a JSON file.

    Raises:
        UsageError: the file cannot be read or holds no results.
    """
    return from_document(read_json(path, hint=_MAKE_ONE), name=path.name)


_MAKE_ONE = "make one: edgevision bench model.tflite -o result.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Runs:
    runs: tuple[dict[str, Any], ...]


def _parted(run: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A run without what tasks measured, and that of each model: it has readers of its own."""
    models = run.get("models")
    if not isinstance(models, list):
        return run, []
    keys = ("quality", "accuracy")
    apart = [
        {key: model[key] for key in keys if model.get(key) is not None}
        if isinstance(model, dict)
        else {}
        for model in models
    ]
    rest = [
        {key: value for key, value in model.items() if key not in keys}
        if isinstance(model, dict)
        else model
        for model in models
    ]
    return {**run, "models": rest}, apart


def _with_quality(
    result: BenchRun, apart: Sequence[dict[str, Any]], *, where: str, limits: Limits
) -> BenchRun:
    models = []
    for at, (measured, found) in enumerate(zip(result.models, apart, strict=True)):
        place, quality = f"{where}.models[{at}]", None
        if "quality" in found:
            quality = read_quality(found["quality"], where=f"{place}.quality", limits=limits)
        elif "accuracy" in found:
            quality = read_first_accuracy(
                found["accuracy"], result.classes, where=f"{place}.accuracy", limits=limits
            )
        models.append(replace(measured, quality=quality))
    return replace(result, models=tuple(models))


def _litert_keys(measured: Measured) -> dict[str, Any]:
    # The names and units of ai_edge_litert/tools/benchmark_litert_model.py, so that what reads
    # its files reads ours; p50, p90 and p99 are added in the same style.
    latency, summary = measured.latency, measured.latency.summary
    first = latency.rounds[0]
    warmup = [first.first_ns, *first.warmup_ns]
    return {
        "model": measured.file,
        "model_size_mb": measured.size.file_bytes / 2**20,
        "accelerators": ["CPU"],
        "fully_accelerated": measured.delegation is not None and measured.delegation.is_full,
        "num_threads": latency.threads,
        "latency": to_plain(latency)
        | {
            "init_ms": latency.init_ms,
            "warmup_first_ms": latency.first_ms,
            "warmup_avg_ms": sum(warmup) / len(warmup) / 1e6,
            "avg_ms": summary.mean_ms,
            "min_ms": summary.min_ms,
            "max_ms": summary.max_ms,
            "median_ms": summary.p50_ms,
            "std_ms": summary.std_ms,
            "p5_ms": summary.p5_ms,
            "p95_ms": summary.p95_ms,
            "num_runs": summary.runs,
            "p50_ms": summary.p50_ms,
            "p90_ms": summary.p90_ms,
            "p99_ms": summary.p99_ms,
            "warmup_runs": latency.warmup_runs,
        },
    }
